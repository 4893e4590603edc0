"""The plan that the heuristics make: every einsum by itself, then with what passes between them kept on chip."""

from __future__ import annotations

from collections.abc import Sequence

from isamap.compiled import Plan
from isamap.ir.answers import Match
from isamap.ir.workload import Workload
from isamap.plan.apart import bindings_of, one_by_one
from isamap.plan.on_chip import homes_on_chip, in_strips, on_chip
from isamap.plan.search import Search


def first_plan(search: Search, work: Workload, candidates: Sequence[Sequence[Match]]) -> Plan:
    """The best plan of the heuristics for ``work``, with tensors between einsums kept on chip where that is better;
    where something is pinned, in the homes that are, and none in strips."""
    pinned, kept = dict(search.fixed.homes), search.fixed.on_chip(search.target.outermost.name)
    plan = apart = one_by_one(search, work, list(bindings_of(work, candidates, search.target, kept)))
    try:
        for homes in homes_on_chip(work, search.target):
            if free := {tensor: home for tensor, home in homes.items() if tensor not in pinned}:
                plan = on_chip(search, plan, candidates, kept | free)
        if not search.fixed:
            plan = in_strips(search, plan, apart, candidates)
    except KeyboardInterrupt:
        search.stopped = search.interrupted = True
    return plan
