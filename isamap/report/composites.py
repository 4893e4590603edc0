"""Composites on one page: how each was made, and which instruction does which part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from isamap import mapping
from isamap.ir.answers import Match
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.mapping import Composite
from isamap.report.figures import count, share
from isamap.report.tables import plain_table


def composite_report(
    work: Workload, target: Target, made: Sequence[Composite], together: Sequence[mapping.Group] = ()
) -> Group:
    """The composites of every einsum, fewest cycles first, or that there are none; then einsums done together."""
    parts: list[RenderableType] = []
    for number, einsum in enumerate(work.einsums):
        mine = [one for one in made if one.einsum == number]
        parts.append(Text(f"\neinsum {number} rewritten: {len(mine)} ways"))
        parts += [part for one in mine for part in _lines(one)]
        if not mine:
            parts.append(Padding(Text(f"no rewrite of {einsum.statement} fits {target.name} whole"), (0, 0, 0, 2)))
    for group in together:
        names = " and ".join(map(str, group.einsums))
        parts.append(Text(f"\neinsums {names} together on {group.instruction}"))
        parts.append(Padding(_table(work, group.matches), (0, 0, 0, 4)))
    return Group(*parts)


def _lines(one: Composite) -> Iterator[RenderableType]:
    worth = f"{count(round(one.cycles))} cycles, {share(one.utilisation)} of the best rate"
    yield Padding(Text(f"{one.because} ({worth}, {'proved' if one.proved else 'not proved'})"), (0, 0, 0, 2))
    yield Padding(_table(one.workload, one.best), (0, 0, 0, 4))


def _table(work: Workload, matches: Sequence[Match]) -> Table:
    table = plain_table("part", "instruction", "axes")
    for match in matches:
        axes = "  ".join(f"{axis}={','.join(fused) or '-'}" for axis, fused in match.axes)
        table.add_row(work.einsums[match.einsum].statement, match.instruction, axes)
    return table
