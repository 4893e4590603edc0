"""What the matcher answers about one einsum and one instruction."""

from __future__ import annotations

from dataclasses import dataclass

from isamap.ir.answers import Match


@dataclass(frozen=True)
class MatchSet:
    """Every match, or why there is none.

    ``matches`` has one per set of kernel axes per instruction axis, turned ones merged; ``with_swap`` has every
    orientation of each. ``reasons`` and ``repairs`` are sentences, empty where there are matches; ``notes`` are
    conditions that every match must be used under (an accumulator to be cleared, an extent to be padded).
    ``complete``: no other match exists under the freedom that was given. ``barred``: there are matches, but only in
    combinations of modes that the instruction does not allow.
    """

    einsum: int
    instruction: str
    matches: tuple[Match, ...] = ()
    with_swap: tuple[Match, ...] = ()
    reasons: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    complete: bool = True
    barred: bool = False

    @property
    def count(self) -> int:
        """Distinct sets of kernel axes per instruction axis, the orientations of a commutative product merged."""
        return len(self.matches)

    @property
    def count_with_swap(self) -> int:
        return len(self.with_swap)

    def __str__(self) -> str:
        title = f"einsum {self.einsum} on {self.instruction}: {self.count} matches ({self.count_with_swap} with swaps)"
        lines = [title, *(f"  {text(match)}" for match in self.matches), *(f"  why not: {r}" for r in self.reasons)]
        lines += [f"  repair: {r}" for r in self.repairs] + [f"  note: {n}" for n in self.notes]
        return "\n".join(lines)


def text(match: Match) -> str:
    """One line: ``i = p,q  j = k  k = c  A=I view  B=W direct  C=O view  used 1``."""
    parts = [f"{axis} = {','.join(fused) or '-'}" for axis, fused in match.axes]
    needs = dict(match.realisation)
    parts += [f"{operand}={tensor} {needs[operand]}" for operand, tensor, _ in match.operands]
    proof = "proved" if match.proved else "not proved"
    return "  ".join([*parts, f"used {match.utilisation:.3g}", proof])
