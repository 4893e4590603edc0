"""What the compiler is asked (``Options``), what it decides (``Plan``) and what it answers (``Compiled``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from isamap.ir.answers import Placement, Schedule, Solved, Tiling, Violation
from isamap.ir.binding import Binding
from isamap.ir.certificate import Certificate
from isamap.ir.hardware import Target
from isamap.ir.program import Program
from isamap.ir.workload import Workload
from isamap.judge import Objective
from isamap.mapping import MatchSet, Realise
from isamap.simulate import Simulation

__all__ = ["Begun", "Compared", "Comparison", "Compiled", "Incumbent", "Method", "Options", "Plan"]

Method = Literal["auto", "heuristic", "exact"]


@dataclass(frozen=True)
class Options:
    """What to look for and how long. ``time_limit_s`` is for the search; the check of the answer comes on top. With
    ``deterministic`` it limits the solvers' own measure of work, so that every run gives the same answer.
    ``heuristic``, ``cost_model`` and ``ranking`` name installed functions that take part in it (``plugins``)."""

    method: Method = "auto"
    objective: Objective = "latency"
    time_limit_s: float = 60.0
    workers: int = 2
    seed: int = 0
    deterministic: bool = False
    instruction: str | None = None
    realise: Realise = "gather"
    replicate: bool = False
    empty_axes: bool = False
    heuristic: str | None = None
    cost_model: str | None = None
    ranking: str | None = None


@dataclass(frozen=True)
class Plan:
    """Everything that is chosen before addresses: the workload that is done (the one asked for, or one of the same
    meaning), a binding and a tiling per part, one schedule of all of them, its worth in the objective's unit, and what
    it was made by."""

    work: Workload
    parts: tuple[tuple[Binding, Tiling], ...]
    schedule: Schedule
    value: float
    method: str = "heuristic"
    listed: bool = True  # is the schedule the one that list scheduling makes of the parts?

    @property
    def bindings(self) -> tuple[Binding, ...]:
        return tuple(binding for binding, _ in self.parts)

    @property
    def tilings(self) -> tuple[Tiling, ...]:
        return tuple(tiling for _, tiling in self.parts)


@dataclass(frozen=True)
class Begun:
    """Where a compilation may begin: a plan, how its workload was made of the one asked for, and a bound that holds for
    every way to do that one (None: not known)."""

    plan: Plan
    matches: tuple[MatchSet, ...]
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    bound: float | None = None


@dataclass(frozen=True)
class Compiled:
    """The answer of every room to ``work``. ``solved`` holds the program with its value and bound in the objective's
    unit; ``steps`` say how the workload that is done was made from the one that was asked for."""

    work: Workload
    target: Target
    options: Options
    matches: tuple[MatchSet, ...]
    plan: Plan
    placement: Placement
    program: Program
    simulation: Simulation
    solved: Solved[Program]
    bound_cycles: int
    violations: tuple[Violation, ...]
    notes: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    certificate: Certificate | None = None

    @property
    def performed(self) -> Workload:
        """The workload that the program does; of the same meaning as ``work``."""
        return self.plan.work

    @property
    def bindings(self) -> tuple[Binding, ...]:
        return self.plan.bindings

    @property
    def tilings(self) -> tuple[Tiling, ...]:
        return self.plan.tilings

    @property
    def schedule(self) -> Schedule:
        return self.plan.schedule

    @property
    def bound(self) -> float | None:
        """Below which no program can be, in the objective's unit."""
        return self.solved.bound

    @property
    def checked(self) -> bool:
        """Every checker passed and the outputs equal the meaning of the workload."""
        return not self.violations


@dataclass(frozen=True)
class Incumbent:
    """The best value that a search had after so many seconds and evaluations (None: not counted)."""

    seconds: float
    evaluations: int | None
    value: float


@dataclass(frozen=True)
class Compared:
    """The answer of one run of a method: with which seed, after how many evaluations (None: not counted), in how many
    seconds of search, and how the best value came down."""

    method: str
    answer: Compiled
    seconds: float
    seed: int = 0
    evaluations: int | None = None
    history: tuple[Incumbent, ...] = ()

    @property
    def value(self) -> float:
        """The simulated value, in the objective's unit."""
        assert self.answer.solved.value is not None
        return self.answer.solved.value


@dataclass(frozen=True)
class Comparison:
    """Every run of every method on one kernel and machine, in the order of the methods; the best bound that holds for
    every program; why methods have no run, or not all of theirs, and which of those had an answer that a check refused;
    the seconds that mapping took, which count for no method; and whether Ctrl-C ended it."""

    runs: tuple[Compared, ...]
    bound: float | None
    left_out: tuple[tuple[str, str], ...] = ()
    failed: tuple[str, ...] = ()
    mapping_seconds: float = 0.0
    interrupted: bool = False

    def of(self, method: str) -> tuple[Compared, ...]:
        """The runs of a method."""
        return tuple(run for run in self.runs if run.method == method)

    @property
    def methods(self) -> tuple[str, ...]:
        """Those that have a run."""
        return tuple(dict.fromkeys(run.method for run in self.runs))

    @property
    def best(self) -> Compared:
        return min(self.runs, key=lambda run: run.value)
