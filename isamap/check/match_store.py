"""Is a match on a transfer right: does the transfer do the einsum while it stores another one's result?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isamap.ir.affine import Affine
from isamap.ir.answers import Match, Violation
from isamap.ir.hardware import Target, Transfer
from isamap.ir.scalar import Access, Scalar
from isamap.ir.workload import Workload

Spell = Callable[[Scalar, list[str]], str]


def check_store(match: Match, workload: Workload, target: Target, spell: Spell) -> Iterator[Violation]:
    """The rules immediates, expression, operands and store for a match that names a transfer."""
    transfer, einsum = target.transfer(match.instruction), workload.einsums[match.einsum]
    meaning, given = transfer.meaning, dict(match.immediates)
    if meaning is None or transfer.destination_memory != target.outermost.name:
        yield Violation("instruction", transfer.name, "it computes nothing on the way to the outermost memory")
        return
    if sorted(name for name, _ in match.immediates) != sorted(transfer.immediates) or match.modes or match.axes:
        yield Violation("immediates", transfer.name, f"{given}, {match.modes} and {match.axes} on a transfer")
        return
    wanted = (("D", einsum.outputs[0].tensor, 0), ("S", einsum.reads[0].tensor if einsum.reads else "", 1))
    if match.operands != wanted or len(einsum.reads) != 1:
        yield Violation("operands", transfer.name, f"{match.operands} instead of {wanted}")
        return
    if einsum.operator != meaning.operator:
        yield Violation("operator", transfer.name, f"{meaning.operator} is not {einsum.operator}")
    ours, theirs = spell(einsum.value, ["S"]), spell(meaning.given(given).value, ["S"] * len(meaning.reads))
    if ours != theirs:
        yield Violation("expression", transfer.name, f"{ours} is not {theirs}")
    for access in (einsum.reads[0], einsum.outputs[0]):
        if not _meets_all(access, match.einsum, workload):
            yield Violation("store", transfer.name, f"{access} does not meet every element of its tensor once")
    yield from _alone(einsum.reads[0].tensor, match.einsum, workload, transfer)
    yield from _early(einsum.outputs[0].tensor, match.einsum, workload, transfer)


def _meets_all(access: Access, number: int, workload: Workload) -> bool:
    extents, shape = workload.einsums[number].extents, workload.tensor(access.tensor).shape
    plain = [str(index) for index in access.indices if isinstance(index, Affine)]
    return sorted(plain) == sorted(extents) and [extents.get(axis) for axis in plain] == list(shape)


def _alone(tensor: str, number: int, workload: Workload, transfer: Transfer) -> Iterator[Violation]:
    """Nobody else wants the tensor in between, which exists nowhere."""
    others = [n for n, e in enumerate(workload.einsums) if n != number and tensor in [a.tensor for a in e.reads]]
    if others or tensor in (*workload.inputs, *workload.outputs):
        yield Violation("store", transfer.name, f"{tensor} is wanted elsewhere, and would be nowhere")
    writers = [n for n, e in enumerate(workload.einsums) if tensor in [output.tensor for output in e.outputs]]
    if len(writers) != 1 or writers[0] > number:
        yield Violation("store", transfer.name, f"{tensor} is written by einsums {writers}, not by one before {number}")


def _early(tensor: str, number: int, workload: Workload, transfer: Transfer) -> Iterator[Violation]:
    """Nobody minds that the result is there before its turn."""
    readers = [n for n, e in enumerate(workload.einsums[:number]) if tensor in [a.tensor for a in e.reads]]
    writers = [n for n, e in enumerate(workload.einsums) if tensor in [output.tensor for output in e.outputs]]
    if readers or writers != [number]:
        yield Violation("store", transfer.name, f"{tensor} is written by {writers} and read before by {readers}")
