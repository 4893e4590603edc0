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

__all__ = ["Compared", "Compiled", "Method", "Options", "Plan"]

Method = Literal["auto", "heuristic", "exact"]


@dataclass(frozen=True)
class Options:
    """What to look for and how long. ``time_limit_s`` is for the search; the check of the answer comes on top. With
    ``deterministic`` it limits the solvers' own measure of work, so that every run gives the same answer."""

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

    @property
    def bindings(self) -> tuple[Binding, ...]:
        return tuple(binding for binding, _ in self.parts)

    @property
    def tilings(self) -> tuple[Tiling, ...]:
        return tuple(tiling for _, tiling in self.parts)


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
    def checked(self) -> bool:
        """Every checker passed and the outputs equal the meaning of the workload."""
        return not self.violations


@dataclass(frozen=True)
class Compared:
    """The answer of one method, and the seconds of the whole run, check included."""

    method: Method
    answer: Compiled
    seconds: float
