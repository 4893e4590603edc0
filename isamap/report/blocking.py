"""How a kernel is cut for a core with caches, on one page."""

from __future__ import annotations

from rich.console import Group
from rich.text import Text

from isamap.ir.blocking import Blocking
from isamap.ir.contraction import Contraction
from isamap.ir.cpu import Core
from isamap.ir.workload import Workload
from isamap.report.figures import count
from isamap.report.tables import plain_table


def blocking_report(
    work: Workload, core: Core, what: Contraction, how: Blocking, estimated_cycles: int, least_cycles: int
) -> Group:
    """Loops from outer to inner, register tile, panels, prefetches, and what the model thinks of them."""
    loops = plain_table("loop", "from", "in blocks of", "inside it", right=("from", "in blocks of"))
    left = dict(what.extents)
    for depth, loop in enumerate(how.loops, 1):
        copied = ", ".join(f"{each.tensor} in panels" for each in how.panels if each.depth == depth)
        loops.add_row(loop.axis, str(left[loop.axis]), str(loop.step), copied)
        left[loop.axis] = loop.step
    tile = how.tile(what.extents)
    product = core.multiply_add(what)
    head = [Text(f"{work.name} on {core.name}", style="bold"), Text(f"\n{work.einsums[0].statement}\n")]
    return Group(
        *head,
        loops,
        *[Text(f"panels of {each.tensor}: {_when(each.before)}") for each in how.panels if not each.depth],
        Text(f"register tile: {_sizes(tile, what.parallel)}, {product.lanes} lanes along {how.vector}"),
        Text(f"each tile sums over: {_sizes(tile, what.reduced)}, by {product.instruction}"),
        *[Text(f"prefetch: {each.tensor}, {each.ahead} steps ahead, to cache {each.level}") for each in how.prefetches],
        *[Text(f"prefetch: what the next panels of {tensor} are made of") for tensor in how.early],
        Text(f"\nestimated: {count(estimated_cycles)} cycles{_seconds(estimated_cycles, core)}, by a model of caches"),
        Text(f"multiply-adds alone: {count(least_cycles)} cycles"),
        Text("nothing was run: `isamap run` measures it on this CPU"),
    )


def _when(before: bool) -> str:
    return "brought by the caller" if before else "made first"


def _sizes(tile: dict[str, int], axes: tuple[str, ...]) -> str:
    return " x ".join(f"{tile[axis]} {axis}" for axis in axes) or "one element"


def _seconds(cycles: float, core: Core) -> str:
    return f" ({1e3 * cycles / core.clock_hz:.4g} ms at {core.clock_hz / 1e9:.3g} GHz)"
