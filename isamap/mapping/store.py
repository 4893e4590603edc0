"""Einsums that a transfer does while it stores the result of another: ``T8[p] = sat_s8(T[p] * m >> s)`` on the way out.

Rules for einsum n, which turns tensor T into U element by element, and a transfer that turns S into D:
    value     n's expression is the transfer's with T for S; immediates hold n's literals
    whole     n reads T once and writes U, both at plain axes, each dimension by an axis of its own, over their whole
              shapes, so that every element is met once
    private   T is no input and no output of the workload, one einsum before n writes it, at plain axes, by an
              instruction, and only n reads it
    early     nobody wants U before n: it is written there and nowhere else, and not read up to n
    away      the transfer ends in the outermost memory and begins where T's tiles are complete (``bind`` sees to that)
"""

from __future__ import annotations

from collections.abc import Iterator

from isamap.ir.answers import Match
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Target, Transfer
from isamap.ir.scalar import Access, infer
from isamap.ir.workload import Workload
from isamap.mapping.match_set import MatchSet
from isamap.mapping.orientation import immediates_of, pairings


def stores(work: Workload, number: int, target: Target) -> Iterator[MatchSet]:
    """For every transfer out with a meaning, the match of einsum ``number`` on it or why there is none."""
    einsum = work.einsums[number]
    for transfer in target.transfers:
        if transfer.meaning is None or transfer.destination_memory != target.outermost.name or einsum.operator != "=":
            continue
        reason = _value(work, einsum, transfer) or _whole(work, einsum) or _private(work, number, target)
        reason = reason or _early(work, number)
        if reason:
            yield MatchSet(number, transfer.name, reasons=(f"{transfer.name} {reason}",))
        else:
            match = _match(work, number, transfer)
            yield MatchSet(number, transfer.name, (match,), (match,))


def _value(work: Workload, einsum: Einsum, transfer: Transfer) -> str:
    """Why the transfer does not compute what ``einsum`` does, types included; empty: it does."""
    assert transfer.meaning is not None
    if len(einsum.reads) != 1:
        return f"turns one tensor into another, the kernel reads {len(einsum.reads)} ({einsum.statement})"
    read, held = einsum.reads[0], work.tensor(einsum.reads[0].tensor).dtype
    pattern = transfer.meaning.value
    if not pairings(pattern, einsum.value):
        return f"computes {pattern}, the kernel {einsum.value}"
    given, wanted = infer(pattern, {"S": held}), work.tensor(einsum.output.tensor).dtype
    return "" if given == wanted else f"makes {given} of {read.tensor}, {einsum.output.tensor} is {wanted}"


def _whole(work: Workload, einsum: Einsum) -> str:
    """Every element of T goes in once, every one of U comes out once."""
    read, output = einsum.reads[0], einsum.output
    if not _meets_all(work, einsum, read):
        return f"stores every element of {read.tensor} once, the kernel reads {read}"
    if not _meets_all(work, einsum, output):
        return f"writes every element of {output.tensor} once, the kernel {output}"
    return ""


def _private(work: Workload, number: int, target: Target) -> str:
    tensor = work.einsums[number].reads[0].tensor
    writers = [n for n, e in enumerate(work.einsums) for output in e.outputs if output.tensor == tensor]
    readers = [n for n, e in enumerate(work.einsums) if n != number and tensor in [read.tensor for read in e.reads]]
    if tensor in (*work.inputs, *work.outputs):
        return f"leaves no {tensor} behind, which is an {'input' if tensor in work.inputs else 'output'}"
    if readers:
        return f"leaves no {tensor} behind, which einsum {' and '.join(map(str, readers))} reads too"
    if len(writers) != 1 or writers[0] > number or len(work.einsums[writers[0]].outputs) != 1:
        return f"stores what one einsum before has made, {tensor} is made by {len(writers)}"
    if not _is_plain(work.einsums[writers[0]].output):
        return f"stores tiles of {tensor}, which is written as {work.einsums[writers[0]].output}"
    if any(one.matches for one in stores(work, writers[0], target)):
        return f"stores the result of an instruction, {tensor} is made on the way out itself"
    return ""


def _early(work: Workload, number: int) -> str:
    """U appears with the last contribution to T, before its turn."""
    tensor, before = work.einsums[number].output.tensor, work.einsums[:number]
    if any(tensor == other.tensor for n, e in enumerate(work.einsums) if n != number for other in e.outputs):
        return f"writes {tensor} alone, other einsums write it too"
    if any(tensor == read.tensor for e in before for read in e.reads):
        return f"writes {tensor} early, while its old value is read"
    return ""


def _meets_all(work: Workload, einsum: Einsum, access: Access) -> bool:
    extents = [einsum.extents.get(str(index)) for index in access.indices]
    return _is_plain(access) and len(extents) == len(einsum.extents) and extents == [*work.tensor(access.tensor).shape]


def _is_plain(access: Access) -> bool:
    names = [str(index) for index in access.indices]
    return len(set(names)) == len(names) and set(names) == set(access.axes)


def _match(work: Workload, number: int, transfer: Transfer) -> Match:
    assert transfer.meaning is not None
    einsum = work.einsums[number]
    way = pairings(transfer.meaning.value, einsum.value)[0]
    return Match(
        einsum=number,
        instruction=transfer.name,
        axes=(),
        operands=(("D", einsum.output.tensor, 0), ("S", einsum.reads[0].tensor, 1)),
        realisation=(("D", "direct"), ("S", "direct")),
        utilisation=1.0,
        proved=True,
        immediates=immediates_of(transfer.meaning.value, einsum.value, way),
    )
