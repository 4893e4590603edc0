"""How much of each addressed memory a program used, against what there is."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console, ConsoleOptions, RenderResult

from isamap.ir.hardware import Target
from isamap.report.figures import bar, count, share
from isamap.report.tables import plain_table

_CELLS = 32


class MemoryUse:
    """A table of peaks: the highest byte touched plus one, per memory beside the outermost."""

    def __init__(self, peak_bytes: Mapping[str, int], target: Target) -> None:
        self.peak_bytes, self.target = peak_bytes, target

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = plain_table("memory", "peak bytes", "capacity", "use", "", right=("peak bytes", "capacity", "use"))
        for memory in self.target.memories:
            if memory.kind == "cache" or memory.name == self.target.outermost.name:
                continue
            peak = self.peak_bytes.get(memory.name, 0)
            fraction = peak / memory.capacity_bytes
            drawn = bar(fraction, _CELLS, options.ascii_only)
            table.add_row(memory.name, count(peak), count(memory.capacity_bytes), share(fraction), drawn)
        yield table
