"""The best plan of all: every match, every cut, every schedule of it; by branch and bound, with a certificate.

What is searched is what ``ir.certificate`` calls candidates. Kernels of one einsum that are small enough to list them
are searched; of the others the certificate says what closed-form bounds say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from isamap.bounds.cut import CutBound
from isamap.compiled import Options, Plan
from isamap.errors import Unsupported
from isamap.ir.answers import Level, Lifetime, Match, Schedule, Tiling
from isamap.ir.binding import Binding, bind
from isamap.ir.certificate import Certificate, Closed, Cut
from isamap.ir.effort import Effort
from isamap.plan.cuts import Candidate, candidates, most_pieces, tiles
from isamap.plan.search import Search
from isamap.scheduling import Whole, best_below, whole
from isamap.search import Tried, branch_and_bound

_MOST_CUTS = 50_000
_CUTS_PER_SECOND = 500  # that may be spent
_TO_SPELL_OUT = 0.05  # seconds as the solver counts them, for the tasks of a candidate
_MOST_ISSUES = 1_000  # of a cut
_MOST_PIECES = 200  # sizes of an input's pieces, in one tile
_MOST_TASKS = 100
_SHARE = 0.5  # of the time left, for one candidate


def search_all(search: Search, plan: Plan, matches: Sequence[Match]) -> tuple[Plan, Certificate | None]:
    """The best plan of all candidates of ``plan``'s one einsum, of which ``matches`` are all, and its certificate; None
    where there are too many candidates to list, several einsums, or an objective other than latency."""
    if len(plan.work.einsums) != 1 or search.options.objective != "latency":
        return plan, None
    search.tell("listing all cuts", plan.value)
    listed = _listed(search, plan, matches)
    if listed is None:
        return plan, None
    counts, found = listed
    solver = _Solver(search, plan, search.left() - search.effort(1.0).time_limit_s)
    searched = branch_and_bound(
        [(float(one.bound_cycles), one) for one in found],
        solver.solve,
        plan.value,
        time_is_up=solver.time_is_up,
        tell=solver.tell,
    )
    search.stopped |= searched.stopped
    search.interrupted |= searched.interrupted
    search.proved = searched.bound
    if searched.answer is not None:
        candidate, schedule = searched.answer
        tiling = _with_slots(solver.wholes[candidate].tiling, schedule)
        plan = Plan(plan.work, ((candidate.binding, tiling),), schedule, searched.value, "branch and bound")
    closed = tuple(
        Closed(
            Cut(matches.index(one.binding.match), one.tile, one.pieces),
            one.bound_cycles,
            int(searched.bound),
            solver.wholes[one].model,
        )
        for one in searched.proved
        if one.bound_cycles < searched.bound
    )
    certificate = Certificate(
        "trusted" if closed else "verified",
        "latency",
        searched.value,
        searched.bound,
        matches=tuple(matches),
        candidates=sum(count if least_cycles < searched.bound else 1 for least_cycles, count in counts),
        closed=closed,
        parameters=(("seed", search.options.seed), ("workers", search.options.workers)),
        within=_within(search.options),
    )
    return plan, certificate


@dataclass
class _Solver:
    """Asks the joint model about one candidate at a time."""

    search: Search
    plan: Plan
    until: float  # with so much time left it stops
    wholes: dict[Candidate, Whole] = field(default_factory=dict)
    spent: float = 0.0  # seconds as the solver counts them

    def solve(self, candidate: Candidate, below: float, bound: float) -> Tried[tuple[Candidate, Schedule]]:
        try:
            cut = whole(self.plan.work, candidate.binding, dict(candidate.tile), dict(candidate.pieces))
        except Unsupported:
            return Tried(bound)
        self.wholes[candidate] = cut
        if cut.tasks > _MOST_TASKS:
            return Tried(bound)
        found = best_below(cut, int(below), self._effort(), int(bound))
        self.spent += found.outcome.work + _TO_SPELL_OUT
        if found.outcome.interrupted:
            raise KeyboardInterrupt
        proved = below if found.outcome.status == "infeasible" else max(bound, found.outcome.bound or 0.0)
        if found.schedule is None:
            return Tried(proved)
        return Tried(proved, float(found.schedule.latency_cycles), (candidate, found.schedule))

    def time_is_up(self) -> bool:
        if self.search.options.deterministic:
            return self.spent >= self.search.effort(1.0).time_limit_s
        return self.search.left() <= self.until

    def _effort(self) -> Effort:
        """A share of what is left: of the time, or of the solver's own measure of it where no clock may be read."""
        effort = self.search.effort(1.0)
        spent = self.spent if effort.deterministic else 0.0
        return replace(effort, time_limit_s=_SHARE * max(0.0, effort.time_limit_s - spent))

    def tell(self, value: float, bound: float) -> None:
        self.search.proved = bound
        self.search.tell("searching all cuts", value)


def _listed(
    search: Search, plan: Plan, matches: Sequence[Match]
) -> tuple[list[tuple[int, int]], list[Candidate]] | None:
    """Of each tile (the cycles that it takes at least, how many candidates it has), and the candidates whose bound is
    below the plan's value; None where they are too many."""
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
            if listed > min(_MOST_CUTS, _CUTS_PER_SECOND * search.effort(1.0).time_limit_s) or search.left() <= 0:
                return None
    return counts, found


def _within(options: Options) -> tuple[tuple[str, str], ...]:
    """What restricts the matches, where something does."""
    asked = {name: getattr(options, name) for name in ("instruction", "realise", "replicate", "empty_axes")}
    return tuple((name, str(value)) for name, value in asked.items() if value != getattr(Options(), name))


def _is_beyond(binding: Binding) -> bool:
    """Is there something about it that a cut does not say?"""
    return binding.continues or binding.stored is not None or any(role.home is not None for role in binding.roles)


def _with_slots(tiling: Tiling, schedule: Schedule) -> Tiling:
    """The tiling with as many slots as pieces lie there at once."""
    most: dict[tuple[str, str], int] = {}
    for buffer in schedule.buffers:
        names = {buffer.slot_name(n) for n in range(buffer.slots)}
        where = buffer.tensor, buffer.memory
        most[where] = max(most.get(where, 1), _at_once([life for life, _ in schedule.placed if life.name in names]))

    def with_slots(level: Level) -> Level:
        counts = {label: most.get((label.partition(".")[0], level.memory), 1) for label, _ in level.buffers}
        return replace(
            level, buffers=tuple(counts.items()), held=tuple((label, counts[label]) for label, _ in level.held)
        )

    return replace(tiling, levels=tuple(map(with_slots, tiling.levels)))


def _at_once(lives: Sequence[Lifetime]) -> int:
    """The most that live at one time."""
    return max(sum(other.start_cycles <= one.start_cycles < other.end_cycles for other in lives) for one in lives)
