"""The methods of a comparison: each makes a plan of the ways to do a workload, evaluating nests by list scheduling.

greedy      of each einsum the first match that can be tiled, and the tiling of least modelled cost
list        the heuristics of ``isamap compile``: the best tilings of all matches scheduled, tensors kept on chip
random, annealing, genetic      searches over random keys, one seed each
exact       the solvers, from where the heuristics end (``compare``)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from isamap.compile import by_heuristics
from isamap.compiled import Plan
from isamap.errors import Infeasible, NotFound, Unsupported
from isamap.explore.counted import Counted
from isamap.explore.nests import Nests
from isamap.explore.space import Space
from isamap.ir.binding import Binding
from isamap.mapping import Way
from isamap.plan.apart import bindings_of
from isamap.plan.search import Part
from isamap.scheduling import list_schedule
from isamap.search import Reached, annealing, genetic, random_search
from isamap.tiling import tilings

Planning = Callable[[Counted, Sequence[Way]], tuple[Way, Plan]]


def greedy(search: Counted, every: Sequence[Way]) -> tuple[Way, Plan]:
    """The first way that can be planned without a second look; raises the first refusal where none can."""
    refused: list[Exception] = []
    for way in every:
        try:
            choices = list(bindings_of(way.work, way.candidates, search.target))
            parts = [_first_part(search, bindings, 1 / len(choices)) for bindings in choices]
            plan = search.plan(way.work, parts, list_schedule(parts, search.target), "greedy")
        except (Infeasible, NotFound, Unsupported) as error:
            refused.append(error)
            continue
        search.tell("greedy", plan.value)
        return way, plan
    raise refused[0]


def _first_part(search: Counted, bindings: Sequence[Binding], share: float) -> Part:
    refused: list[Exception] = []
    for binding in bindings:
        try:
            limit = max(0.5, share * search.left() / 2)
            return binding, tilings(binding, objective=search.options.objective, most=1, time_limit_s=limit)[0]
        except (Infeasible, NotFound, Unsupported) as error:
            refused.append(error)
    raise refused[0]


def listed(search: Counted, every: Sequence[Way]) -> tuple[Way, Plan]:
    """What ``isamap compile --method heuristic`` plans."""
    way, plan = by_heuristics(search, every)
    search.tell("list", plan.value)
    return way, plan


def sought(by: Callable[..., Reached], method: str, search: Counted, every: Sequence[Way]) -> tuple[Way, Plan]:
    """The best plan that a search over random keys met; raises NotFound where it met none."""
    nests = Nests(search, Space(search, every), method)
    reached = by(nests.space.count, nests.cost, nests.spent, search.options.seed)
    search.interrupted |= reached.interrupted
    if nests.best is None:
        raise NotFound(f"{method}: no nest was met that fits the machine")
    return nests.best


SEEDED: dict[str, Planning] = {
    "random": partial(sought, random_search, "random"),
    "annealing": partial(sought, annealing, "annealing"),
    "genetic": partial(sought, genetic, "genetic"),
}
PLANNED: dict[str, Planning] = {"greedy": greedy, "list": listed, **SEEDED}
METHODS = (*PLANNED, "exact")
