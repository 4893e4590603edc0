"""Do the buffers of a placement fit, each in its own bytes while it lives? All pairs, one by one."""

from __future__ import annotations

from isamap.ir.answers import Lifetime, Placement, Violation
from isamap.ir.hardware import Target

RULES: dict[str, str] = {
    "duplicate": "Every buffer has one address.",
    "memory": "A buffer lies in an addressed memory of the target.",
    "negative": "No address is negative.",
    "capacity": "A buffer ends within its memory.",
    "alignment": "An address is a multiple of the memory's alignment and of the buffer's own.",
    "bank": "A buffer in a banked memory lies within one bank.",
    "overlap": "Two buffers of one memory that live at the same time share no byte.",
}


def check_placement(placement: Placement, target: Target) -> list[Violation]:
    """Every violation of ``RULES``; O(n^2)."""
    found = []
    seen: set[str] = set()
    for life, address in placement.addresses:
        if life.name in seen:
            found.append(Violation("duplicate", life.name, f"placed again at {address}"))
        seen.add(life.name)
        found += _check_alone(life, address, target)
    for n, (one, at) in enumerate(placement.addresses):
        for other, there in placement.addresses[n + 1 :]:
            if _live_together(one, other) and at < there + other.size_bytes and there < at + one.size_bytes:
                detail = f"{one.memory}@{at}+{one.size_bytes} and @{there}+{other.size_bytes}"
                found.append(Violation("overlap", f"{one.name} and {other.name}", detail))
    return found


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
    for alignment in {memory.alignment_bytes, life.alignment_bytes}:
        if address % alignment:
            found.append(Violation("alignment", life.name, f"{address} is no multiple of {alignment}"))
    last = address + max(life.size_bytes, 1) - 1
    if memory.banks > 1 and address // memory.bank_bytes != last // memory.bank_bytes:
        found.append(Violation("bank", life.name, f"{address}..{last} crosses banks of {memory.bank_bytes} bytes"))
    return found


def _live_together(one: Lifetime, other: Lifetime) -> bool:
    same = one.memory == other.memory
    return same and one.start_cycles < other.end_cycles and other.start_cycles < one.end_cycles
