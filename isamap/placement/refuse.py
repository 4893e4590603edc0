"""What cannot be placed because it makes no sense, as against what does not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from isamap.errors import Fault, InputError
from isamap.ir.answers import Lifetime, Placement
from isamap.ir.hardware import Target


def refuse_nonsense(lives: Sequence[Lifetime], target: Target, hint: Placement | None) -> None:
    """Raise InputError with every mistake in the buffers and in the placement to begin from."""
    faults = [*_faults(lives, target), *_hint_faults(lives, hint)]
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
    for name in dict.fromkeys(life.memory for life in lives if life.memory in addressed):
        memory = addressed[name]
        if memory.bank_bytes < 1:
            got = f"{memory.banks} banks in {memory.capacity_bytes} bytes"
            yield Fault(("memories", name, "banks"), "banks of at least 1 byte", got)


def _hint_faults(lives: Sequence[Lifetime], hint: Placement | None) -> Iterator[Fault]:
    if hint is not None:
        placed = {life.name for life, _ in hint.addresses}
        missing = [life.name for life in lives if life.name not in placed]
        if missing:
            yield Fault(("hint",), "an address for every buffer", f"none for {' '.join(missing)}")
