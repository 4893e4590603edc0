"""Where buffers lie and how low they come, beside what greedy methods do."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from isamap.placing import Placed
from isamap.report.figures import count, share
from isamap.report.tables import plain_table


def placement_report(placed: Placed, written: Path | None = None) -> Group:
    """The answer in a line, and a table of heights."""
    solved = placed.solved
    table = plain_table("method", "height", "above the bound", right=("height", "above the bound"))
    rows = [(name, float(height)) for name, height in placed.greedy.items()]
    rows += [] if solved.value is None else [(f"> {solved.method}", solved.value)]
    for name, height in rows:
        over = "-" if not solved.bound else share(height / solved.bound - 1)
        table.add_row(name, count(height), over)
    parts: list[RenderableType] = [Text(_verdict(placed), style="bold"), table]
    parts += [Text(f"written to {written}")] if written is not None else []
    return Group(*parts)


def _verdict(placed: Placed) -> str:
    solved, capacity = placed.solved, placed.capacity_bytes
    within = "" if capacity is None else f" of {count(capacity)}"
    if solved.value is None:
        return f"{solved.status}: no placement within {count(capacity or 0)} bytes"
    bound = "no placement is lower" if solved.status == "optimal" else f"none is below {count(solved.bound or 0)}"
    return f"{count(solved.value)} bytes{within}, in {placed.seconds:.1f} s; {bound}"
