"""What ``isamap map`` found: per einsum the matches, cheapest first, and why other instructions do not do it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.mapping import MatchSet, Ranked, ranked
from isamap.report.figures import count, share
from isamap.report.tables import plain_table

_MOST_ROWS = 20


def match_report(work: Workload, target: Target, sets: Sequence[MatchSet], *, every: bool = False) -> Group:
    """All of it; of each einsum's matches the best ``_MOST_ROWS``, or ``every`` one."""
    found, swapped = sum(s.count for s in sets), sum(s.count_with_swap for s in sets)
    head = f"{work.name} on {target.name}: {found} {'match' if found == 1 else 'matches'}"
    parts: list[RenderableType] = [Text(f"{head} ({swapped} with operands swapped)", style="bold")]
    for number, einsum in enumerate(work.einsums):
        mine = [s for s in sets if s.einsum == number]
        parts.append(Text(f"\neinsum {number}: {einsum.statement}"))
        rows = ranked(work, target, [match for s in mine for match in s.matches])
        if rows:
            parts += _ranking(rows, len(rows) if every else _MOST_ROWS)
        parts += [_hanging("note", note) for s in mine for note in s.notes]
        others = [why_not(s) for s in mine if not s.matches]
        parts += [Text(), *others] if rows and others else others
    return Group(*parts)


def why_not(found: MatchSet) -> Group:
    """The reasons and repairs of an instruction without a match."""
    lines = [_hanging("", reason) for reason in found.reasons]
    lines += [_hanging("repair", repair) for repair in found.repairs]
    return Group(Text(f"not {found.instruction}:"), *lines)


def _ranking(rows: Sequence[Ranked], most: int) -> Iterator[RenderableType]:
    """The table, how many more there are, whether all are proved, and what the mark means."""
    copies = any(row.cost.bytes_copied for row in rows)
    numbers = ["use", "issues", *(["bytes copied"] if copies else []), "cycles"]
    table = plain_table("", "instruction", "axes", "operands", *numbers, right=["", *numbers])
    table.collapse_padding = True
    for column in table.columns:
        column.no_wrap = column.header not in ("axes", "operands", "bytes copied")
    for rank, row in enumerate(rows[:most], 1):
        cost, mark = row.cost, "*" if row.pareto else " "
        cells = (f"{rank}{mark}", row.match.instruction, _axes(row), _operands(row), share(cost.utilisation))
        copied = [count(cost.bytes_copied)] if copies else []
        table.add_row(*cells, count(cost.issues), *copied, count(round(cost.cycles)))
    yield table
    if len(rows) > most:
        yield Text(f"... and {len(rows) - most} more (--all shows them, --json has all)")
    unproved = [str(rank) for rank, row in enumerate(rows, 1) if not row.match.proved]
    proved = f"not proved: {' '.join(unproved)}" if unproved else "all proved"
    front = sum(row.pareto for row in rows)
    beaten = "1 marked * is" if front == 1 else f"{front} marked * are"
    yield Text(f"{proved}; cheapest first, by modelled cycles; {beaten} beaten by no other")


def _axes(row: Ranked) -> str:
    return "  ".join(f"{axis}={','.join(fused) or '-'}" for axis, fused in row.match.axes)


def _operands(row: Ranked) -> str:
    """``A=I(view)  B=W``: what an operand needs, where it is not the tensor as it lies."""
    needs = dict(row.match.realisation)
    said = {name: "" if need == "direct" else f"({need})" for name, need in needs.items()}
    return "  ".join(f"{operand}={tensor}{said[operand]}" for operand, tensor, _ in row.match.operands)


def _hanging(label: str, text: str) -> Padding:
    """A sentence whose further lines begin under its first word."""
    line = Table.grid(padding=(0, 1))
    line.add_column(no_wrap=True)
    line.add_column(overflow="fold")
    line.add_row(f"{label}:" if label else "-", text)
    return Padding(line, (0, 0, 0, 2))
