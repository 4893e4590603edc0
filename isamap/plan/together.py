"""A cut of every einsum of a kernel: one candidate of the search over all of them, solved by the joint model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from isamap.compiled import Plan
from isamap.errors import Unsupported
from isamap.ir.answers import Level, Lifetime, Match, Schedule, Tiling
from isamap.ir.certificate import Closed, Cut
from isamap.ir.effort import Effort
from isamap.plan.cuts import Candidate
from isamap.plan.laying import whole_on_chip
from isamap.plan.search import Part, Search
from isamap.scheduling import Refined, Whole, best_below, whole
from isamap.scheduling.acyclic.body import Body
from isamap.search import Tried

_TO_SPELL_OUT = 0.05  # seconds as the solver counts them, for the tasks of a candidate
_MOST_TASKS = 100
_LEAST = 0.25  # seconds for a candidate, if it takes them


@dataclass(frozen=True, eq=False)
class Together:
    """A cut of every einsum, the tensors that stay on chip between them (and where), and the closed-form bound."""

    cuts: tuple[Candidate, ...]
    bound_cycles: int
    staying: tuple[tuple[str, str], ...] = ()


@dataclass
class Solver:
    """Asks the joint model about one candidate at a time."""

    search: Search
    plan: Plan
    until: float  # with so much time left it stops
    share: float = 0.5  # of the time left, for one candidate
    level: float = 0.0  # candidates whose bound is no less are not yet looked at
    wholes: dict[Together, Whole | None] = field(default_factory=dict)
    real: dict[Together, Whole] = field(default_factory=dict)
    proved: dict[Together, float] = field(default_factory=dict)
    settled: set[Together] = field(default_factory=set)  # of which no more can be known
    spent: float = 0.0  # seconds as the solver counts them

    def solve(self, candidate: Together, below: float, bound: float) -> Tried[tuple[Together, Schedule]]:
        """What is found of fewer than ``below`` cycles, and what is proved; nothing of what the model cannot say."""
        if self.proved.get(candidate, 0.0) >= below or candidate in self.settled:
            return Tried(self.proved[candidate])
        cut = self._whole(candidate)
        if cut is None or cut.tasks > _MOST_TASKS:
            return Tried(bound)
        found = self._asked(cut.anyhow, below, bound)
        self.proved[candidate] = below if found.outcome.status == "infeasible" else max(bound, found.outcome.bound or 0)
        schedule, ended = found.schedule, found.outcome.status == "optimal"
        for real in self._possible(candidate) if found.outcome.found and schedule is None else ():
            told = self._asked(real, below, bound)
            ended &= told.outcome.status in ("optimal", "infeasible")
            if told.schedule is not None:
                schedule, self.real[candidate] = told.schedule, real
                break
        else:
            self.settled |= {candidate} if ended else set()
        if schedule is None:
            return Tried(self.proved[candidate])
        return Tried(self.proved[candidate], float(schedule.latency_cycles), (candidate, schedule))

    def _whole(self, candidate: Together) -> Whole | None:
        """Its tasks; None for what the model cannot say."""
        if candidate not in self.wholes:
            cuts = [(one.binding, dict(one.tile), dict(one.pieces)) for one in candidate.cuts]
            try:
                self.wholes[candidate] = whole(self.plan.work, cuts)
            except Unsupported:
                self.wholes[candidate] = None
        return self.wholes[candidate]

    def _possible(self, candidate: Together) -> Iterator[Whole]:
        """Its tasks with whole tensors on chip at strides that the machine allows; one of those ways to lie that come
        to the same."""
        wanted, seen = [(one.binding.match, one.tile) for one in candidate.cuts], set[Body]()
        for bindings in whole_on_chip(self.plan.work, self.search.target, wanted, candidate.staying):
            pairs = zip(bindings, candidate.cuts, strict=True)
            with suppress(Unsupported):
                found = whole(self.plan.work, [(binding, dict(one.tile), dict(one.pieces)) for binding, one in pairs])
                if found.reading.body not in seen:
                    seen.add(found.reading.body)
                    yield found

    def _asked(self, cut: Whole, below: float, bound: float) -> Refined:
        found = best_below(cut, int(below), self._effort(), int(bound))
        self.spent += found.outcome.work + _TO_SPELL_OUT
        if found.outcome.interrupted:
            raise KeyboardInterrupt
        return found

    def time_is_up(self) -> bool:
        if self.search.options.deterministic:
            return self.spent >= self.search.effort(1.0).time_limit_s
        return self.search.left() <= self.until

    def _effort(self) -> Effort:
        """A share of what is left: of the time, or of the solver's own measure of it where no clock may be read."""
        effort = self.search.effort(1.0)
        spent = self.spent if effort.deterministic else 0.0
        return replace(effort, time_limit_s=max(_LEAST, self.share * (effort.time_limit_s - spent)))

    def tell(self, value: float, bound: float) -> None:
        self.search.proved = max(min(bound, self.level), self.search.proved or 0.0)
        self.search.tell("searching all cuts", value)

    def parts(self, candidate: Together, schedule: Schedule) -> tuple[Part, ...]:
        """The einsums of a candidate with the tilings that its schedule comes to."""
        given = self.real.get(candidate, self.wholes[candidate])
        assert given is not None
        return tuple((binding, _with_slots(tiling, schedule)) for binding, tiling in given.parts)

    def closed(self, candidate: Together, matches: Sequence[Match], bound: float) -> Closed:
        """The candidate as the certificate lists it."""
        cuts = tuple(Cut(matches.index(one.binding.match), one.tile, one.pieces) for one in candidate.cuts)
        given = self.wholes[candidate]
        assert given is not None
        return Closed(cuts, candidate.bound_cycles, int(bound), given.anyhow.model, candidate.staying)


def _with_slots(tiling: Tiling, schedule: Schedule) -> Tiling:
    """The tiling with as many slots as pieces lie there at once."""
    most: dict[tuple[str, str], int] = {}
    mine = {name for step in schedule.steps if step.einsum == tiling.match.einsum for name in step.buffers}
    for buffer in schedule.buffers:
        if buffer.name in mine:
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
