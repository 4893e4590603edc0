"""Who was busy when: a row per queue, time from left to right, how busy as the height of a block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from isamap.ir.hardware import Queue, Target
from isamap.report.figures import share
from isamap.simulate import Simulation

BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII_BLOCKS = " .:-=+*%#"
_LEAST_CELLS, _MOST_CELLS = 16, 100
_SHARE_CELLS = len(" 100.0 %")

Shares = npt.NDArray[np.float64]


class Timeline:
    """A renderable that fills the width it is given."""

    def __init__(self, simulation: Simulation, target: Target) -> None:
        self.simulation, self.target = simulation, target

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        margin = max((len(queue.name) for queue in self.target.queues), default=0) + 1
        cells = min(max(options.max_width - margin - _SHARE_CELLS - 2, _LEAST_CELLS), _MOST_CELLS)
        for line in self.lines(margin, cells, options.ascii_only):
            yield Text(line, no_wrap=True, overflow="crop")

    def lines(self, margin: int, cells: int, ascii_only: bool = False) -> Iterator[str]:
        """The rows, then the axis in cycles."""
        side = "|" if ascii_only else "▕"
        other = "|" if ascii_only else "▏"
        for n, queue in enumerate(self.target.queues):
            row = draw(busy_shares(self.simulation, n, queue.count, cells), ascii_only)
            used = share(self._use(queue)).rjust(_SHARE_CELLS)
            yield f"{queue.name:<{margin}}{side}{row}{other}{used}"
        yield " " * (margin + 1) + axis(span(self.simulation), cells)

    def _use(self, queue: Queue) -> float:
        whole = self.simulation.latency_cycles * queue.count
        return self.simulation.busy_cycles.get(queue.name, 0) / whole if whole else 0.0


def span(simulation: Simulation) -> int:
    """The cycle at which the last issue is done."""
    return int(simulation.end.max()) if len(simulation.end) else 0


def busy_shares(simulation: Simulation, queue: int, servers: int, cells: int) -> Shares:
    """How much of each of ``cells`` equal parts of the time the queue was busy, 0 to 1."""
    whole = span(simulation)
    mine = np.flatnonzero(simulation.queue == queue)
    if not whole or not len(mine):
        return np.zeros(cells)
    start, end = simulation.start[mine], simulation.end[mine]
    if servers == 1:  # an issue's result may come after its unit has taken the next one
        end = np.minimum(end, np.append(start[1:], whole))
    edges = np.linspace(0, whole, cells + 1)
    busy = _elapsed(start, edges) - _elapsed(end, edges)
    shares: Shares = np.clip(np.diff(busy) / (whole / cells * servers), 0.0, 1.0)
    return shares


def _elapsed(times: npt.NDArray[Any], edges: Shares) -> Shares:
    """For each edge, the time since every earlier one of ``times``, summed."""
    ordered = np.sort(times)
    before = np.searchsorted(ordered, edges)
    sums = np.concatenate([[0.0], np.cumsum(ordered, dtype=np.float64)])
    elapsed: Shares = before * edges - sums[before]
    return elapsed


def draw(shares: Shares, ascii_only: bool = False) -> str:
    """A character per share; a little is never drawn as nothing."""
    blocks = ASCII_BLOCKS if ascii_only else BLOCKS
    return "".join(blocks[max(round(share * 8), 1) if share > 1e-9 else 0] for share in shares.tolist())


def axis(whole: int, cells: int) -> str:
    """``0 ... 400,000 ... 800,000 cycles``: the ends and the middle."""
    last, middle = f"{whole:,} cycles", f"{whole // 2:,}"
    text = "0".ljust(cells // 2 - len(middle) // 2) + middle
    return (
        text + last.rjust(cells - len(text)) if len(text) + len(last) < cells else "0".ljust(cells - len(last)) + last
    )
