"""A cut of every einsum of a kernel: one candidate of the search over all of them, looked at by the joint model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from isamap.errors import Unsupported
from isamap.ir.answers import Level, Lifetime, Schedule, Tiling
from isamap.ir.effort import Effort
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.plan.cuts import Candidate
from isamap.plan.laying import whole_on_chip
from isamap.plan.search import Part
from isamap.scheduling import Refined, Whole, best_below, whole
from isamap.scheduling.acyclic.body import Body

_TO_SPELL_OUT = 0.05  # seconds as the solver counts them, for the tasks of a candidate
_MOST_TASKS = 100


@dataclass(frozen=True, eq=False)
class Together:
    """A cut of every einsum, the tensors that stay on chip between them (and where), and the closed-form bound."""

    cuts: tuple[Candidate, ...]
    bound_cycles: int
    staying: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Looked:
    """What the joint model showed of a candidate: that it takes ``proved`` cycles, and a schedule of fewer than were
    asked for with the ``parts`` that it schedules, if there is one. ``model``: a hash of what the solver was given,
    empty where the model cannot say it. ``settled``: no more can be known; ``spent``: seconds as the solver counts."""

    proved: float
    schedule: Schedule | None = None
    parts: tuple[Part, ...] = ()
    model: str = ""
    settled: bool = False
    spent: float = 0.0


@dataclass
class Look:
    """Candidates for ``work`` on ``target``, whose tasks are kept for a second look."""

    work: Workload
    target: Target
    wholes: dict[Together, Whole | None] = field(default_factory=dict)

    def at(self, candidate: Together, below: float, bound: float, effort: Effort) -> Looked:
        """What is found of fewer than ``below`` cycles, and what is proved; nothing of what the model cannot say.
        Raises KeyboardInterrupt where Ctrl-C ended a solver."""
        cut = self._whole(candidate)
        if cut is None or cut.tasks > _MOST_TASKS:
            return Looked(bound, settled=True)
        found = _asked(cut.anyhow, below, bound, effort)
        spent, model = found.outcome.work + _TO_SPELL_OUT, cut.anyhow.model
        proved = below if found.outcome.status == "infeasible" else max(bound, found.outcome.bound or 0)
        if found.schedule is not None:
            return Looked(proved, found.schedule, _parts(cut, found.schedule), model, spent=spent)
        ended = found.outcome.status == "optimal"
        for real in self._possible(candidate) if found.outcome.found else ():
            told = _asked(real, below, bound, effort)
            spent += told.outcome.work + _TO_SPELL_OUT
            ended &= told.outcome.status in ("optimal", "infeasible")
            if told.schedule is not None:
                return Looked(proved, told.schedule, _parts(real, told.schedule), model, spent=spent)
        return Looked(proved, model=model, settled=ended, spent=spent)

    def _whole(self, candidate: Together) -> Whole | None:
        """Its tasks; None for what the model cannot say."""
        if candidate not in self.wholes:
            cuts = [(one.binding, dict(one.tile), dict(one.pieces)) for one in candidate.cuts]
            try:
                self.wholes[candidate] = whole(self.work, cuts)
            except Unsupported:
                self.wholes[candidate] = None
        return self.wholes[candidate]

    def _possible(self, candidate: Together) -> Iterator[Whole]:
        """Its tasks with whole tensors on chip at strides that the machine allows; one of those ways to lie that come
        to the same."""
        wanted, seen = [(one.binding.match, one.tile) for one in candidate.cuts], set[Body]()
        for bindings in whole_on_chip(self.work, self.target, wanted, candidate.staying):
            pairs = zip(bindings, candidate.cuts, strict=True)
            with suppress(Unsupported):
                found = whole(self.work, [(binding, dict(one.tile), dict(one.pieces)) for binding, one in pairs])
                if found.reading.body not in seen:
                    seen.add(found.reading.body)
                    yield found


def look(work: Workload, target: Target, candidate: Together, below: float, bound: float, effort: Effort) -> Looked:
    """``Look.at``, for another process."""
    return Look(work, target).at(candidate, below, bound, effort)


def _asked(cut: Whole, below: float, bound: float, effort: Effort) -> Refined:
    found = best_below(cut, int(below), effort, int(bound))
    if found.outcome.interrupted:
        raise KeyboardInterrupt
    return found


def _parts(cut: Whole, schedule: Schedule) -> tuple[Part, ...]:
    """The einsums of a cut with the tilings that its schedule comes to."""
    return tuple((binding, _with_slots(tiling, schedule)) for binding, tiling in cut.parts)


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
