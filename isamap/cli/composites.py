"""``isamap map --composites``: what several instructions do together, and what one does of several einsums at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isamap.cli.progress import Progress

if TYPE_CHECKING:
    from isamap.ir.answers import Match
    from isamap.ir.hardware import Target
    from isamap.ir.workload import Workload
    from isamap.mapping import Composite, Group


@dataclass(frozen=True)
class Made:
    """Composites of every einsum, and groups of einsums that one instruction does."""

    composites: tuple[Composite, ...] = ()
    groups: tuple[Group, ...] = ()

    @property
    def einsums(self) -> set[int]:
        """The einsums that these do."""
        return {one.einsum for one in self.composites} | {number for one in self.groups for number in one.einsums}

    def as_json(self) -> dict[str, Any]:
        return {"composites": list(map(_composite, self.composites)), "groups": list(map(_group, self.groups))}


def find(work: Workload, target: Target, instruction: str | None, progress: Progress) -> Made:
    """All of them; those with ``instruction`` in some part, where it is given."""
    from isamap.mapping import composites, groups

    found: list[Composite] = []
    for number in range(len(work.einsums)):
        progress(f"rewriting einsum {number}")
        found += composites(work, number, target)
    progress("einsums together")
    together = groups(work, target)
    return Made(
        tuple(one for one in found if instruction in (None, *(match.instruction for match in one.best))),
        tuple(one for one in together if instruction in (None, one.instruction)),
    )


def _composite(one: Composite) -> dict[str, Any]:
    """How it was made, and the best match of each part."""
    return {
        "einsum": one.einsum,
        "rules": [step.rule for step in one.steps],
        "because": one.because,
        "parts": _parts(one.best, one.workload),
        "cycles": one.cycles,
        "utilisation": one.utilisation,
        "proved": one.proved,
    }


def _group(one: Group) -> dict[str, Any]:
    return {
        "instruction": one.instruction,
        "einsums": list(one.einsums),
        "matches": [{"einsum": match.einsum, **_match(match)} for match in one.matches],
        "proved": one.proved,
    }


def _parts(matches: Sequence[Match], work: Workload) -> list[dict[str, Any]]:
    return [
        {"statement": work.einsums[m.einsum].statement, "instruction": m.instruction, **_match(m), "proved": m.proved}
        for m in matches
    ]


def _match(match: Match) -> dict[str, Any]:
    return {
        "axes": {axis: list(fused) for axis, fused in match.axes},
        "operands": {operand: tensor for operand, tensor, _ in match.operands},
    }
