"""Tables of names, matches and tilings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from isamap.ir.answers import Match, Tiling
from isamap.mapping import MatchSet
from isamap.report.figures import share

_MOST_ROWS = 12


def plain_table(*headers: str, title: str = "", right: Sequence[str] = ()) -> Table:
    """An empty table in the style of all of them; the columns in ``right`` hold numbers."""
    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold", pad_edge=False)
    for header in headers:
        table.add_column(header, justify="right" if header in right else "left", overflow="fold")
    return table


def name_table(title: str, entries: Sequence[Mapping[str, str]]) -> Table:
    """Bundled names and what they are."""
    table = plain_table("name", "what it is", title=title)
    for entry in entries:
        table.add_row(entry["name"], entry["description"])
    return table


def match_table(sets: Sequence[MatchSet], chosen: Match | None = None, most: int | None = None) -> Group:
    """A row per match, the chosen one marked; at most ``most`` rows, the chosen one always."""
    table = plain_table("", "instruction", "axes", "operands", "use", "proof", right=("use",))
    matches = [match for s in sets for match in s.matches]
    if chosen is not None:  # what is chosen may be the same match with its operands swapped, or with empty axes
        matches = [match for match in matches if match != chosen]
        matches.insert(0, chosen)
    for match in matches[:most]:
        table.add_row(">" if match == chosen else "", *_match_cells(match))
    left = 0 if most is None else len(matches) - most
    notes = [Text(f"note: {note}") for s in sets for note in s.notes]
    return Group(table, *([Text(f"  and {_plural(left, 'more', 'more')}")] if left > 0 else []), *notes)


def _match_cells(match: Match) -> tuple[str, ...]:
    needs = dict(match.realisation)
    return (
        match.instruction,
        "  ".join(f"{axis}={','.join(fused) or '-'}" for axis, fused in match.axes),
        "  ".join(f"{operand}={tensor} ({needs[operand]})" for operand, tensor, _ in match.operands),
        share(match.utilisation),
        "proved" if match.proved else "not proved",
    )


def tiling_table(tiling: Tiling) -> Table:
    """A row per level, outermost first."""
    table = plain_table("memory", "tile", "loops, outer to inner", "buffers")
    for level in tiling.levels:
        table.add_row(
            level.memory,
            " ".join(f"{axis}={size}" for axis, size in level.tile),
            level.loops_text,
            " ".join(f"{tensor}:{buffers}" for tensor, buffers in level.buffers) or "-",
        )
    return table


def _plural(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
