"""From matches to a plan: a binding and a tiling for every einsum, and one schedule of all of them.

    bindings_of       operands, routes, layouts                   ir
    tilings           sizes, order, pieces, buffers               tiling        tile_exactly
    list_schedule     residency, order, times                     scheduling    schedule_exactly
    first_fit         addresses                                   placement     place_exactly

The heuristics on the left always run first (``heuristic``: ``apart``, ``on_chip``). The solvers on the right begin from
what they found (``solvers``); what a solver finds is taken only where it is better. A search that is stopped (time
limit, Ctrl-C) answers with the best plan so far. Of small kernels every cut is searched (``exhaustive``, ``cuts``).
Functions of the user's suggest and order candidates (``plugged``). Where parts of the answer are pinned, ``fixed``
says which matches are left, and tilings are those that are allowed.
"""

from isamap.plan.addresses import place
from isamap.plan.apart import own_candidates
from isamap.plan.cuts import distinct
from isamap.plan.exhaustive import search_all
from isamap.plan.fixed import no_answer, ways_under
from isamap.plan.heuristic import first_plan
from isamap.plan.plugged import taking_part
from isamap.plan.search import Progress, Search
from isamap.plan.solvers import by_solvers

__all__ = ["Progress", "Search", "by_solvers", "distinct", "first_plan", "no_answer", "own_candidates", "place",
           "search_all", "taking_part", "ways_under"]  # fmt: skip
