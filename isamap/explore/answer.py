"""What a sweep found: a result per job that ended, and the designs worth a look."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from isamap.explore.front import metric, pareto_front
from isamap.explore.grid import Job
from isamap.explore.job import STATES, Outcome, without_answer


@dataclass(frozen=True)
class Result:
    """A job and how it ended."""

    job: Job
    outcome: Outcome

    @property
    def record(self) -> dict[str, Any]:
        """The keys of ``isamap compile --json``, then settings, key and state; the reason where it is not done."""
        job, outcome = self.job, self.outcome
        record = outcome.record or without_answer(job.kernel_name, job.target_name, job.options, outcome.state)
        found = {**record, "settings": dict(job.settings), "key": job.key, "state": outcome.state}
        if outcome.reason:
            found["reason"] = outcome.reason
        if outcome.trace:
            found["traceback"] = outcome.trace
        return found

    @property
    def setting(self) -> dict[str, object]:
        """The settings of the target and the options, by name."""
        chosen = self.job.settings
        return {**chosen["target"]["set"], **chosen["options"]}


@dataclass(frozen=True)
class Front:
    """Of ``count`` designs for one kernel, those that no other dominates, by the first metric."""

    kernel: str
    count: int
    results: tuple[Result, ...]
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Swept:
    """A sweep's results, in the order of its grid; fewer than ``total`` where it was ``stopped``."""

    name: str
    minimise: tuple[str, ...]
    total: int
    results: tuple[Result, ...]
    stopped: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many results there are of each state."""
        found = Counter(result.outcome.state for result in self.results)
        return {state: found[state] for state in STATES if found[state]}

    @property
    def answers(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.outcome.state == "done")

    @cached_property
    def fronts(self) -> tuple[Front, ...]:
        """A front per kernel: designs for different kernels do not compare."""
        kernels: dict[str, list[Result]] = {}
        for result in self.answers:
            kernels.setdefault(result.job.kernel, []).append(result)
        return tuple(self._front(results) for results in kernels.values())

    def _front(self, results: list[Result]) -> Front:
        points = [[metric(name, r.outcome.record, r.job) for name in self.minimise] for r in results]
        chosen = sorted(pareto_front(points), key=lambda n: points[n])
        values = tuple(tuple(value for value in points[n] if value is not None) for n in chosen)
        return Front(results[0].job.kernel_label, len(results), tuple(results[n] for n in chosen), values)

    def to_json(self) -> dict[str, Any]:
        """What ``isamap sweep --json`` prints."""
        about = {
            "name": self.name,
            "jobs": self.total,
            "counts": self.counts,
            "stopped": self.stopped,
            "minimise": list(self.minimise),
        }
        keys = [result.job.key for front in self.fronts for result in front.results]
        return {"sweep": about, "results": [result.record for result in self.results], "pareto": keys}
