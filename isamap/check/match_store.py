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
    if sorted(given) != sorted(transfer.immediates) or match.modes or match.axes:
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
    yield from _alone(einsum.reads[0], match, workload, transfer)


def _alone(read: Access, match: Match, workload: Workload, transfer: Transfer) -> Iterator[Violation]:
    """Every element passes once, and nobody else wants it: the tensor in between exists nowhere."""
    shape, extents = workload.tensor(read.tensor).shape, workload.einsums[match.einsum].extents
    plain = [str(index) for index in read.indices if isinstance(index, Affine)]
    if len(set(plain)) < len(shape) or [extents.get(axis) for axis in plain] != list(shape):
        yield Violation("store", transfer.name, f"{read} does not meet every element of {list(shape)} once")
    others = [
        n for n, e in enumerate(workload.einsums) if n != match.einsum and read.tensor in [a.tensor for a in e.reads]
    ]
    if others or read.tensor in (*workload.inputs, *workload.outputs):
        yield Violation("store", transfer.name, f"{read.tensor} is wanted elsewhere, and would be nowhere")
    writers = [e for e in workload.einsums if read.tensor in [output.tensor for output in e.outputs]]
    if len(writers) != 1:
        yield Violation("store", transfer.name, f"{len(writers)} einsums write {read.tensor}")
