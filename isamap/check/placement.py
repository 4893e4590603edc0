"""Do the buffers of a placement fit, each in its own bytes while it lives? All pairs, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isamap.ir.answers import Lifetime, Placement, Violation
from isamap.ir.hardware import Memory, Target

RULES: dict[str, str] = {
    "missing": "Every buffer that was asked for has an address.",
    "changed": "Every buffer that has an address was asked for, with this size, life, alignment and memory.",
    "duplicate": "Every buffer has one address.",
    "memory": "A buffer lies in an addressed memory of the target.",
    "negative": "No address is negative.",
    "capacity": "A buffer ends within its memory.",
    "alignment": "An address is a multiple of the memory's alignment and of the buffer's own.",
    "bank": "A buffer in a banked memory lies within one bank.",
    "fixed": "A buffer that must lie at some address lies there.",
    "in_place": "A buffer that takes another one over begins at its address, is no larger, and neither begins nor ends "
    "before it.",
    "overlap": "Two buffers of one memory that live at the same time share no byte.",
}


def check_placement(placement: Placement, target: Target, asked: Iterable[Lifetime] | None = None) -> list[Violation]:
    """Every violation of ``RULES``, in O(n^2); without ``asked`` the buffers are those of the placement."""
    found = [] if asked is None else list(_check_complete(placement, list(asked)))
    seen: set[str] = set()
    for life, address in placement.addresses:
        if life.name in seen:
            found.append(Violation("duplicate", life.name, f"placed again at {address}"))
        seen.add(life.name)
        found += _check_alone(life, address, target)
    for n, (one, at) in enumerate(placement.addresses):
        for other, there in placement.addresses[n + 1 :]:
            if _live_together(one, other) and max(at, there) < min(at + one.size_bytes, there + other.size_bytes):
                found += _check_shared(one, at, other, there)
    return found


def _check_complete(placement: Placement, asked: list[Lifetime]) -> Iterator[Violation]:
    placed = [life for life, _ in placement.addresses]
    names = {life.name for life in placed}
    for life in asked:
        if life.name not in names:
            yield Violation("missing", life.name, "has no address")
    for life in placed:
        if life not in asked:
            yield Violation("changed", life.name, f"nobody asked for {life}")


def _check_alone(life: Lifetime, address: int, target: Target) -> list[Violation]:
    memory = next((m for m in target.memories if m.name == life.memory and m.kind == "explicit"), None)
    if memory is None:
        return [Violation("memory", life.name, f"{life.memory!r} is no addressed memory of {target.name}")]
    found = []
    if address < 0:
        found.append(Violation("negative", life.name, f"at {address}"))
    if address + life.size_bytes > memory.capacity_bytes:
        detail = f"ends at {address + life.size_bytes} of {memory.capacity_bytes} bytes"
        found.append(Violation("capacity", life.name, detail))
    if life.address is not None and address != life.address:
        found.append(Violation("fixed", life.name, f"at {address}, must lie at {life.address}"))
    for alignment in {memory.alignment_bytes, life.alignment_bytes}:
        if address % alignment:
            found.append(Violation("alignment", life.name, f"{address} is no multiple of {alignment}"))
    return found + _check_bank(life, address, memory)


def _check_bank(life: Lifetime, address: int, memory: Memory) -> list[Violation]:
    last = address + max(life.size_bytes, 1) - 1
    if memory.banks > 1 and address // memory.bank_bytes != last // memory.bank_bytes:
        return [Violation("bank", life.name, f"{address}..{last} crosses banks of {memory.bank_bytes} bytes")]
    return []


def _check_shared(one: Lifetime, at: int, other: Lifetime, there: int) -> list[Violation]:
    """Two that live together share bytes: allowed only where one takes the other over."""
    where = f"{one.name} and {other.name}"
    detail = f"{one.memory}@{at}+{one.size_bytes} and @{there}+{other.size_bytes}"
    if one.in_place != other.name and other.in_place != one.name:
        return [Violation("overlap", where, detail)]
    taker, giver = (one, other) if one.in_place == other.name else (other, one)
    right = at == there and taker.size_bytes <= giver.size_bytes
    right &= giver.start_cycles <= taker.start_cycles and giver.end_cycles <= taker.end_cycles
    return [] if right else [Violation("in_place", where, detail)]


def _live_together(one: Lifetime, other: Lifetime) -> bool:
    same = one.memory == other.memory
    return same and one.start_cycles < other.end_cycles and other.start_cycles < one.end_cycles
