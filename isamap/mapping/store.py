"""Einsums that a transfer does while it stores the result of another: ``T8[p] = sat_s8(T[p] * m >> s)`` on the way out.

Rules for einsum n, which turns tensor T into U element by element, and a transfer that turns S into D:
    value     n's expression is the transfer's with T for S; immediates hold n's literals
    whole     n reads T once, at plain axes, each dimension by an axis of its own, so that every element is met once
    private   T is no input and no output of the workload, one einsum writes it, at plain axes, and only n reads it
    away      the transfer ends in the outermost memory and begins where T's tiles are complete (``bind`` sees to that)
"""

from __future__ import annotations

from collections.abc import Iterator

from isamap.ir.answers import Match
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Target, Transfer
from isamap.ir.scalar import Access, infer
from isamap.ir.workload import Workload
from isamap.mapping.orientation import immediates_of, pairings


def stores(work: Workload, number: int, target: Target) -> Iterator[Match]:
    """Every match of einsum ``number`` on a transfer out that has a meaning."""
    einsum = work.einsums[number]
    if len(einsum.reads) != 1 or einsum.operator != "=" or not _private(work, number):
        return
    for transfer in target.transfers:
        if transfer.destination_memory == target.outermost.name and _does(work, einsum, transfer):
            yield _match(number, einsum, transfer)


def _private(work: Workload, number: int) -> bool:
    """The rules whole and private."""
    read = work.einsums[number].reads[0]
    writers = [einsum for einsum in work.einsums for output in einsum.outputs if output.tensor == read.tensor]
    readers = [einsum for einsum in work.einsums for item in einsum.reads if item.tensor == read.tensor]
    named = {read.tensor} & {*work.inputs, *work.outputs}
    if named or len(writers) != 1 or len(readers) != 1 or len(writers[0].outputs) != 1:
        return False
    again = [e for e in work.einsums for o in e.outputs if o.tensor == work.einsums[number].output.tensor]
    return _is_plain(read) and _is_plain(writers[0].output) and len(again) == 1


def _is_plain(access: Access) -> bool:
    names = [str(index) for index in access.indices]
    return len(set(names)) == len(names) and set(names) == set(access.axes)


def _does(work: Workload, einsum: Einsum, transfer: Transfer) -> bool:
    """The rule value, types included."""
    meaning = transfer.meaning
    if meaning is None or not pairings(meaning.value, einsum.value):
        return False
    held = work.tensor(einsum.reads[0].tensor).dtype
    return infer(meaning.value, {"S": held}) == work.tensor(einsum.output.tensor).dtype


def _match(number: int, einsum: Einsum, transfer: Transfer) -> Match:
    assert transfer.meaning is not None
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
