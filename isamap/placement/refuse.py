"""What cannot be placed because it makes no sense, as against what does not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from isamap.errors import Fault, InputError
from isamap.ir.answers import Lifetime, Placement
from isamap.ir.hardware import Memory, Target
from isamap.placement.seat import live_together, step_bytes


def refuse_nonsense(lives: Sequence[Lifetime], target: Target, hint: Placement | None = None) -> None:
    """Raise InputError with every mistake in the buffers and in the placement to begin from."""
    faults = [*_faults(lives, target), *_in_place_faults(lives), *_hint_faults(lives, hint)]
    if faults:
        raise InputError(faults)


def _faults(lives: Sequence[Lifetime], target: Target) -> Iterator[Fault]:
    addressed = {memory.name: memory for memory in target.memories if memory.kind == "explicit"}
    for name, count in Counter(life.name for life in lives).items():
        if count > 1:
            yield Fault((name,), "one lifetime of a name", str(count))
    for life in lives:
        if life.memory not in addressed:
            possible = f"it has: {' '.join(addressed)}"
            yield Fault((life.name, "memory"), f"an addressed memory of {target.name}", life.memory, possible)
        if life.alignment_bytes < 1:
            yield Fault((life.name, "alignment_bytes"), "at least 1 byte", str(life.alignment_bytes))
        elif life.memory in addressed:
            yield from _address_faults(life, addressed[life.memory])
    for name in dict.fromkeys(life.memory for life in lives if life.memory in addressed):
        memory = addressed[name]
        if memory.bank_bytes < 1:
            got = f"{memory.banks} banks in {memory.capacity_bytes} bytes"
            yield Fault(("memories", name, "banks"), "banks of at least 1 byte", got)


def _address_faults(life: Lifetime, memory: Memory) -> Iterator[Fault]:
    step = step_bytes(life, memory)
    if life.address is not None and (life.address < 0 or life.address % step):
        yield Fault((life.name, "address"), f"at least 0 and a multiple of {step} bytes", str(life.address))


def _in_place_faults(lives: Sequence[Lifetime]) -> Iterator[Fault]:
    """A buffer takes over one that is no smaller, begins no later and ends no later; each is taken over once, and
    again only after the first has ended."""
    named = {life.name: life for life in lives}
    takers = Counter(life.in_place for life in lives if life.in_place)
    for life in lives:
        if not life.in_place:
            continue
        where, giver = (life.name, "in_place"), named.get(life.in_place)
        if giver is None or giver is life or giver.memory != life.memory:
            yield Fault(where, "another buffer of the same memory", repr(life.in_place))
            continue
        if giver.size_bytes < life.size_bytes:
            yield Fault(where, f"a buffer of at least {life.size_bytes} bytes", f"{giver.name} of {giver.size_bytes}")
        if not (giver.start_cycles <= life.start_cycles and giver.end_cycles <= life.end_cycles):
            got = f"{giver.name} during [{giver.start_cycles}, {giver.end_cycles})"
            yield Fault(where, f"one that neither begins nor ends after {life.name} does", got)
        if takers[giver.name] > 1:
            yield Fault(where, "a buffer that no other takes over", giver.name)
        first = named.get(giver.in_place)
        if first is not None and live_together(first, life):
            yield Fault(
                where, f"{first.name}, which {giver.name} takes over, to end first", f"both live with {life.name}"
            )


def _hint_faults(lives: Sequence[Lifetime], hint: Placement | None) -> Iterator[Fault]:
    if hint is not None:
        placed = {life.name for life, _ in hint.addresses}
        missing = [life.name for life in lives if life.name not in placed]
        if missing:
            yield Fault(("hint",), "an address for every buffer", f"none for {' '.join(missing)}")
