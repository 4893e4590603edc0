"""The best plan of all: every match, every cut, every schedule of it; by branch and bound, with a certificate.

What is searched is what ``ir.certificate`` calls candidates. Kernels that are small enough to list them are searched;
of the others the certificate says what closed-form bounds say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from isamap.bounds.cut import CutBound
from isamap.compiled import Options, Plan
from isamap.errors import Unsupported
from isamap.ir.answers import Match
from isamap.ir.binding import Binding, bind
from isamap.ir.certificate import Certificate
from isamap.plan.asking import Asking
from isamap.plan.cuts import Candidate, candidates, most_pieces, tiles
from isamap.plan.search import Search
from isamap.plan.several import several
from isamap.plan.together import Together
from isamap.search import Searched, branch_and_bound

_MOST_CUTS = 50_000
_CUTS_PER_SECOND = 500  # that may be spent
_SHARES = (0.01, 0.05, 0.2, 0.5)  # of the time left, for one candidate: first a little for each
_MOST_ISSUES = 1_000  # of a cut
_MOST_PIECES = 200  # sizes of an input's pieces, in one tile


class Listed(Protocol):
    """The candidates of a kernel."""

    @property
    def least_cycles(self) -> int:
        """No candidate takes less."""

    def found(self, below: float) -> Sequence[Together] | None:
        """Those whose closed-form bound is less than ``below``; None where they are too many."""

    def least_from(self, bound: float, value: float) -> float:
        """The least closed-form bound of all, none of which is less than ``bound``, or ``value`` if that is less."""

    def count(self, bound: float) -> int:
        """How many there are, those of which the unit alone tells that they take ``bound`` counted as one."""


def search_all(search: Search, plan: Plan, matches: Sequence[Match]) -> tuple[Plan, Certificate | None]:
    """The best plan of all candidates for ``plan``'s workload, of whose einsums ``matches`` are all, and its
    certificate; None where there are too many candidates to list, or an objective other than latency."""
    if search.options.objective != "latency":
        return plan, None
    search.tell("listing all cuts", plan.value)
    listed = _listed(search, plan, matches)
    if listed is None:
        return plan, None
    asking = Asking(search, plan.work, search.left() - search.effort(1.0).time_limit_s)
    try:
        bound, plan = _closed(search, listed, asking, plan)
    finally:
        asking.stop()
    closed = asking.closed(matches, bound)
    if not closed:
        search.proved = bound = listed.least_from(bound, plan.value)
    certificate = Certificate(
        "trusted" if closed else "verified",
        "latency",
        plan.value,
        bound,
        matches=tuple(matches),
        candidates=listed.count(bound),
        closed=closed,
        parameters=(("seed", search.options.seed), ("workers", search.options.workers)),
        within=_within(search.options),
    )
    return plan, certificate


def _closed(search: Search, listed: Listed, asking: Asking, plan: Plan) -> tuple[float, Plan]:
    """(below which there is no candidate, the best plan): candidates are closed in the order of their bounds, all at a
    time that have one below a *level*; first each is given a little time, then those left open are given more."""
    bound, at_level = 0.0, dict[float, Sequence[Together] | None]()
    for asking.share in _SHARES:
        level = min(listed.least_cycles + 1.0, plan.value)
        while True:
            asking.level = level
            if level not in at_level:
                at_level[level] = listed.found(level)
            found = at_level[level]
            if found is None:
                break
            searched, plan = _round(search, found, asking, plan)
            search.proved = bound = max(bound, min(searched.bound, level))
            if searched.stopped:
                return bound, plan
            if level >= plan.value:
                break
            level = min(plan.value, level + max(1.0, level // 16))
        if bound >= plan.value:
            break
    return bound, plan


def _round(
    search: Search, found: Sequence[Together], asking: Asking, plan: Plan
) -> tuple[Searched[Together, Together], Plan]:
    """What is known of the candidates ``found``, and the best plan."""
    asking.turn_to(found, plan.value)
    waiting = [(float(one.bound_cycles), one) for one in found]
    searched = branch_and_bound(waiting, asking.ask, plan.value, time_is_up=asking.time_is_up, tell=asking.tell)
    if searched.answer is not None:
        best = asking.looked[searched.answer]
        assert best.schedule is not None
        plan = Plan(plan.work, best.parts, best.schedule, searched.value, "branch and bound", listed=False)
    search.stopped |= searched.stopped
    search.interrupted |= searched.interrupted
    return searched, plan


def _listed(search: Search, plan: Plan, matches: Sequence[Match]) -> Listed | None:
    """All candidates; None where they are too many, or there is something about them that a cut does not say."""
    most = int(min(_MOST_CUTS, _CUTS_PER_SECOND * search.effort(1.0).time_limit_s))
    if len(plan.work.einsums) == 1:
        return _of_one(search, plan, matches, most)
    return several(plan.work, search.target, matches, plan.value, most, lambda: search.left() <= 0)


def _of_one(search: Search, plan: Plan, matches: Sequence[Match], most: int) -> Listed | None:
    """The candidates of one einsum."""
    counts, found, listed = list[tuple[int, int]](), list[Candidate](), 0
    for match in matches:
        try:
            binding = bind(plan.work, match, search.target)
        except Unsupported:
            return None
        if _is_beyond(binding):
            return None
        for tile in tiles(binding):
            bounds, before = CutBound(binding, tile), listed
            listed += 1
            if bounds.computing_cycles >= plan.value:
                counts.append((bounds.computing_cycles, 1))
            elif bounds.issues > _MOST_ISSUES or most_pieces(binding, tile) > _MOST_PIECES:
                return None
            else:
                every = list(candidates(binding, bounds, plan.value))
                found += [candidate for candidate in every if candidate is not None]
                listed = before + len(every)
                counts.append((bounds.whatever_pieces_cycles(), len(every)))
            if listed > most or search.left() <= 0:
                return None

    return _One([Together((one,), one.bound_cycles) for one in found], counts)


@dataclass(frozen=True)
class _One:
    """The cuts of one einsum, and of each tile (the cycles that it takes at least, how many cuts it has)."""

    every: Sequence[Together]
    counts: Sequence[tuple[int, int]]

    @property
    def least_cycles(self) -> int:
        return min((one.bound_cycles for one in self.every), default=0)

    def found(self, below: float) -> Sequence[Together]:
        return [one for one in self.every if one.bound_cycles < below]

    def least_from(self, bound: float, value: float) -> float:
        return min([value, *(one.bound_cycles for one in self.every if one.bound_cycles >= bound)])

    def count(self, bound: float) -> int:
        return sum(number if least_cycles < bound else 1 for least_cycles, number in self.counts)


def _within(options: Options) -> tuple[tuple[str, str], ...]:
    """What restricts the matches, where something does."""
    asked = {name: getattr(options, name) for name in ("instruction", "realise", "replicate", "empty_axes")}
    return tuple((name, str(value)) for name, value in asked.items() if value != getattr(Options(), name))


def _is_beyond(binding: Binding) -> bool:
    """Is there something about it that a cut does not say?"""
    return binding.continues or binding.stored is not None or any(role.home is not None for role in binding.roles)
