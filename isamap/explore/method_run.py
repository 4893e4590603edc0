"""One run of one method: a plan within its time, then the checked answer, and how the best value came down."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from isamap.compile import compile_workload, possible_ways
from isamap.compiled import Begun, Compared, Compiled, Incumbent, Options
from isamap.explore.counted import Counted
from isamap.explore.methods import PLANNED, SEEDED, listed
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.judge import lower_bound
from isamap.mapping import Way
from isamap.plan import taking_part
from isamap.plugins import Heuristic, Plugins

Progress = Callable[[str, float | None, float | None], None]


@dataclass
class MethodRuns:
    """What the runs have in common: the ways to do the workload, the user's ``own`` heuristics by name, and the answer
    of isamap's once it is there."""

    work: Workload
    target: Target
    options: Options
    progress: Progress | None
    own: Mapping[str, Heuristic] = field(default_factory=dict)
    mapping_seconds: float = 0.0
    interrupted: bool = False
    heuristic: Compared | None = None
    ways: tuple[Way, ...] = ()
    bound: float | None = None

    def run(self, method: str, seed: int, limit_s: float) -> Compared:
        """The answer of ``method``; raises Infeasible, NotFound, Unsupported where it has none."""
        options = replace(self.options, seed=seed, time_limit_s=limit_s)
        tell = self._tell(f"{method} {seed}" if method in SEEDED else method)
        if method == "exact":
            return self._exact(options, tell)
        found = self._planned(method, options, tell)
        if method == "list":
            self.heuristic = found
        return found

    def bound_of(self, runs: Sequence[Compared]) -> float | None:
        """The best bound that holds for every program: what was proved of one way to do the workload says nothing of
        the others."""
        if len(self.ways) > 1:
            return self.bound
        return max((one for run in runs if (one := run.answer.solved.bound) is not None), default=None)

    def _planned(self, method: str, options: Options, tell: Progress) -> Compared:
        options = replace(options, method="heuristic")
        if not self.ways:
            self._map(tell)
        search = Counted(self.work, self.target, options, tell, self.bound)
        if method in self.own:
            search.plugins = taking_part(search, Plugins(heuristic=self.own[method]))
        way, plan = PLANNED.get(method, listed)(search, self.ways)
        seconds = search.seconds()
        self.interrupted |= search.interrupted
        start = Begun(plan, way.sets, way.steps, (*way.notes, *search.remarks), self.bound)
        answer = compile_workload(self.work, self.target, options, tell, start)
        answer = replace(answer, solved=replace(answer.solved, method=method, seconds=seconds))
        history = _falling([*search.incumbents, Incumbent(seconds, search.evaluations, _value(answer))])
        return Compared(method, answer, seconds, options.seed, search.evaluations, history)

    def _map(self, tell: Progress) -> None:
        bound = lower_bound(self.work, self.target, self.options.objective)
        search = Counted(self.work, self.target, self.options, tell, bound)
        self.ways, self.bound = tuple(possible_ways(search)), search.bound
        self.mapping_seconds = search.seconds()

    def _exact(self, options: Options, tell: Progress) -> Compared:
        began, first = time.monotonic(), self.heuristic
        options = replace(options, method="exact")
        answer = compile_workload(self.work, self.target, options, tell, first.answer if first else None)
        self.interrupted |= answer.solved.interrupted
        before = first.seconds if first else 0.0
        seconds = 0.0 if options.deterministic else before + time.monotonic() - began
        moments = [Incumbent(before + m.seconds, None, m.value) for m in answer.solved.history if m.value is not None]
        last = Incumbent(before + answer.solved.seconds, None, _value(answer))
        history = _falling([*(first.history if first else ()), *moments, last])
        return Compared("exact", answer, seconds, options.seed, None, history)

    def _tell(self, label: str) -> Progress:
        def tell(stage: str, value: float | None, bound: float | None) -> None:
            if self.progress is not None:
                self.progress(f"{label}: {stage}" if stage else label, value, bound)

        return tell


def _value(answer: Compiled) -> float:
    assert answer.solved.value is not None
    return answer.solved.value


def _falling(history: Sequence[Incumbent]) -> tuple[Incumbent, ...]:
    """Those that are better than all before them."""
    found: list[Incumbent] = []
    for one in history:
        if not found or one.value < found[-1].value:
            found.append(one)
    return tuple(found)
