"""What a search may not choose: instructions, matches, tilings and homes that were given to it, einsum by einsum.

What is not said is free. A tiling's two levels are pinned as far as they are said; one whose tiles, orders and buffers
are all said is *complete* and is taken as it is (``tiling.complete``).
"""

from __future__ import annotations

from dataclasses import dataclass

from isamap.ir.answers import Home, Match, Sizes


@dataclass(frozen=True)
class FixedLevel:
    """A ``Level`` as far as it is said: sizes, counts and pieces of the names that stand here; of the others, and of
    what is None (``memory``: empty), nothing."""

    memory: str = ""
    tile: Sizes = ()
    order: tuple[str, ...] | None = None
    buffers: Sizes = ()
    pieces: tuple[tuple[str, Sizes], ...] = ()
    held: Sizes = ()
    turning: bool | None = None
    backward: tuple[str, ...] | None = None

    @property
    def pins_order(self) -> bool:
        """Does it say more than into which tiles and pieces an einsum is cut?"""
        said = self.order is not None or self.turning is not None or self.backward is not None
        return said or bool(self.buffers or self.held)

    def __str__(self) -> str:
        parts = [f"in {self.memory}" if self.memory else "", _table(self.tile)]
        parts += [f"order {' '.join(self.order) or '-'}" if self.order is not None else ""]
        parts += [f"buffers {_table(self.buffers)}" if self.buffers else ""]
        parts += [f"{label} in {_table(piece)}" for label, piece in self.pieces]
        parts += [f"held {_table(self.held)}" if self.held else ""]
        parts += [f"turning {str(self.turning).lower()}" if self.turning is not None else ""]
        parts += [f"backward {' '.join(self.backward) or '-'}" if self.backward is not None else ""]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class FixedEinsum:
    """What is said of one einsum: of its match (instruction, the kernel axes of some instruction axes, the tensors of
    some operands) and of the levels of its tiling, blocks and issues."""

    instruction: str = ""
    axes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    operands: tuple[tuple[str, str], ...] = ()
    blocks: FixedLevel = FixedLevel()
    issues: FixedLevel = FixedLevel()

    @property
    def levels(self) -> tuple[FixedLevel, FixedLevel]:
        return self.blocks, self.issues

    @property
    def pins_match(self) -> bool:
        return bool(self.instruction or self.axes or self.operands)

    @property
    def pins_tiling(self) -> bool:
        return self.levels != (FixedLevel(), FixedLevel())

    def allows(self, match: Match) -> bool:
        """Is it a match that is not otherwise than what is said?"""
        given, held = dict(match.axes), {operand: tensor for operand, tensor, _ in match.operands}
        return (
            self.instruction in ("", match.instruction)
            and all(given.get(axis) == fused for axis, fused in self.axes)
            and all(held.get(operand) == tensor for operand, tensor in self.operands)
        )

    def __str__(self) -> str:
        match = [self.instruction, *(f"{axis}={','.join(fused) or '-'}" for axis, fused in self.axes)]
        match += [f"{operand}={tensor}" for operand, tensor in self.operands]
        parts = [" ".join(part for part in match if part)]
        parts += [
            f"{name} {level}" for name, level in zip(("blocks", "issues"), self.levels, strict=True) if str(level)
        ]
        return "; ".join(part for part in parts if part)


@dataclass(frozen=True)
class Fixed:
    """What is said of the einsums, by their numbers, and in which memories tensors between einsums lie (the outermost
    one: not on chip)."""

    einsums: tuple[tuple[int, FixedEinsum], ...] = ()
    homes: tuple[tuple[str, str], ...] = ()

    def of(self, number: int) -> FixedEinsum:
        return dict(self.einsums).get(number, FixedEinsum())

    @property
    def pins_tilings(self) -> bool:
        return any(einsum.pins_tiling for _, einsum in self.einsums)

    @property
    def pins_order(self) -> bool:
        """Is it said somewhere in which order loops step, or how many pieces stay for how long?"""
        return any(level.pins_order for _, einsum in self.einsums for level in einsum.levels)

    def on_chip(self, outermost: str) -> dict[str, Home]:
        """The tensors that have to stay on chip, and where."""
        return {tensor: Home(memory) for tensor, memory in self.homes if memory != outermost}

    def __bool__(self) -> bool:
        return bool(self.homes) or any(einsum != FixedEinsum() for _, einsum in self.einsums)

    def __str__(self) -> str:
        """All of it on one line, the same for the same."""
        parts = [f"einsum {number}: {einsum}" for number, einsum in sorted(self.einsums) if str(einsum)]
        parts += [f"{tensor} in {memory}" for tensor, memory in sorted(self.homes)]
        return " | ".join(parts)


def _table(sizes: Sizes) -> str:
    return " ".join(f"{name}={size}" for name, size in sizes)
