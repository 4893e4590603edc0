"""A search that counts the plans it makes, and keeps when the best one of the whole workload came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from isamap.compiled import Incumbent, Plan
from isamap.ir.answers import Schedule
from isamap.ir.workload import Workload
from isamap.plan import Search
from isamap.plan.search import Part


@dataclass
class Counted(Search):
    """An evaluation is one plan made: the list schedule of some einsums' nests, and its value."""

    evaluations: int = 0
    incumbents: list[Incumbent] = field(default_factory=list)

    def plan(self, work: Workload, parts: Sequence[Part], schedule: Schedule, method: str = "heuristic") -> Plan:
        self.evaluations += 1
        return super().plan(work, parts, schedule, method)

    def tell(self, stage: str, value: float | None = None) -> None:
        if value is not None and (not self.incumbents or value < self.incumbents[-1].value):
            self.incumbents.append(Incumbent(self.seconds(), self.evaluations, value))
        super().tell(stage, value)
