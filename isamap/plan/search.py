"""One run of the compiler: what it works on, until when, whom it tells how it goes, and how it went."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from isamap.compiled import Options, Plan
from isamap.ir.answers import Moment, Placement, Schedule, Tiling
from isamap.ir.binding import Binding
from isamap.ir.effort import Effort
from isamap.ir.fixed import Fixed
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.judge import objective_value
from isamap.lowering import lower
from isamap.plan.addresses import place
from isamap.plugins import Plugins
from isamap.simulate import simulate

Progress = Callable[[str, float | None, float | None], None]
Part = tuple[Binding, Tiling]
_AUTO_SECONDS = 20.0  # with --method auto, what the solvers may spend


@dataclass
class Search:
    """What the rooms of a run have in common; changes as the run goes on."""

    work: Workload
    target: Target
    options: Options
    progress: Progress | None
    bound: float | None  # in closed form, for every program
    fixed: Fixed = field(default_factory=Fixed)  # what may not be chosen
    plugins: Plugins = field(default_factory=Plugins)  # the user's functions, as long as they do what they should
    proved: float | None = None  # of the cuts that were searched
    began: float = field(default_factory=time.monotonic)
    stopped: bool = False  # not everything was tried
    interrupted: bool = False  # by Ctrl-C
    history: list[Moment] = field(default_factory=list)
    suggested: dict[Tiling, str] = field(default_factory=dict)  # tilings of the user's heuristic, and its name
    remarks: list[str] = field(default_factory=list)  # on functions of the user's that were left out

    def seconds(self) -> float:
        return 0.0 if self.options.deterministic else time.monotonic() - self.began

    def left(self) -> float:
        """Seconds left to search: without end where the answer may not depend on the clock."""
        return float("inf") if self.options.deterministic else self.options.time_limit_s - self.seconds()

    def effort(self, share: float) -> Effort:
        """What a solver may spend: a share of the time left, or of the limit where no clock may be read."""
        options = self.options
        limit = options.time_limit_s if options.deterministic else max(0.0, self.left())
        limit = min(limit, _AUTO_SECONDS) if options.method == "auto" else limit
        return Effort(share * limit, options.workers, options.seed, options.deterministic)

    @property
    def best_bound(self) -> float | None:
        """Below which no answer can be, as far as is known."""
        return max((one for one in (self.bound, self.proved) if one is not None), default=None)

    def tell(self, stage: str, value: float | None = None) -> None:
        """The stage, and the value of the best plan of the whole workload."""
        if value is not None and (not self.history or value != self.history[-1].value):
            self.history.append(Moment(self.seconds(), value, self.best_bound))
        if self.progress is not None:
            self.progress(stage, value, self.best_bound)

    def name_of(self, kind: str) -> str:
        """What the user calls the function of a kind that takes part: as it is installed, or its own name."""
        function = getattr(self.plugins, kind)
        return str(getattr(self.options, kind) or getattr(function, "__name__", type(function).__name__))

    def is_met(self, value: float) -> bool:
        return self.bound is not None and value <= self.bound

    def plan(self, work: Workload, parts: Sequence[Part], schedule: Schedule, method: str = "heuristic") -> Plan:
        """The plan, and its worth in the objective's unit: the schedule's predicted latency, else what a run without
        numbers shows. Raises Infeasible where there is no room for its buffers."""
        value = float(schedule.latency_cycles)
        if self.options.objective != "latency":
            bindings = [binding for binding, _ in parts]
            program = lower(work, bindings, schedule, self.place(schedule, bindings), self.target)
            value = objective_value(simulate(program, self.target, {}, execute=False), self.options.objective)
        return Plan(work, tuple(parts), schedule, value, method)

    def place(self, schedule: Schedule, bindings: Sequence[Binding]) -> Placement:
        """Addresses for a schedule; by the solver too where the method allows it."""
        effort = None if self.options.method == "heuristic" else self.effort(0.5)
        return place(schedule, bindings, self.target, effort)
