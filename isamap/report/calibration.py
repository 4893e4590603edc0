"""A calibration as tables: roofs, caches, instructions."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from isamap.ir.calibration import Calibration


def calibration_tables(found: Calibration) -> list[Table | Text]:
    """What was measured, for a reader."""
    roofs = "  ".join(f"{roof.name} {roof.giga_per_second:,.0f} {roof.unit}" for roof in found.roofs)
    head = Text(f"{found.cpu}  {found.clock_hz / 1e9:.2f} GHz  {roofs}")
    return [head, _levels(found), _instructions(found)]


def _levels(found: Calibration) -> Table:
    table = _table(
        "Memories", "size", "latency, cycles", "read, B/cycle", "write, B/cycle", "read, GB/s", "write, GB/s"
    )
    for level in found.levels:
        size = f"{level.capacity_bytes >> 10:,} KiB" if level.capacity_bytes is not None else "-"
        both = (level.read_bytes_per_cycle, level.write_bytes_per_cycle)
        figures = [f"{level.latency_cycles:.1f}", *(f"{rate:.1f}" for rate in both)]
        table.add_row(level.name, size, *figures, *(f"{rate * found.clock_hz / 1e9:.0f}" for rate in both))
    return table


def _instructions(found: Calibration) -> Table:
    table = _table("Instructions", "latency, cycles", "cycles each")
    for timing in found.timings:
        latency = "-" if timing.latency_cycles is None else f"{timing.latency_cycles:.2f}"
        table.add_row(timing.instruction, latency, f"{timing.interval_cycles:.2f}")
    return table


def _table(title: str, *figures: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    for figure in figures:
        table.add_column(figure, justify="right")
    return table
