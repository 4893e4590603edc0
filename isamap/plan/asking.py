"""Whom branch and bound asks about candidates: the joint model, here, and after a while in processes side by side.

A solver that takes long for one candidate is worth all threads; many candidates that take little each are worth a
process per thread. Processes can be killed: nobody waits for them when time is up, or when Ctrl-C comes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from isamap.ir.answers import Match
from isamap.ir.certificate import Closed, Cut
from isamap.ir.effort import Effort
from isamap.ir.workload import Workload
from isamap.plan.search import Search
from isamap.plan.together import Look, Looked, Together, look
from isamap.search import Tried
from isamap.worker import Died, Worker

_LEAST = 0.25  # seconds for a candidate, if it takes them
_ALONE_S = 4.0  # before it is worth while to begin processes
_MANY = 8  # candidates for each process
_MOST_JOBS = 2_000  # of a process, until memory that the solver keeps is worth a new one

Answer = Future[Tried[Together]]


@dataclass
class Asking:
    """What is known of the candidates for ``work``; ``looked`` has what was found of each at the last look."""

    search: Search
    work: Workload
    until: float  # with so much time left it stops
    share: float = 0.5  # of the time left, for one candidate
    level: float = 0.0  # candidates whose bound is no less are not yet looked at
    looked: dict[Together, Looked] = field(default_factory=dict)
    spent: float = 0.0  # seconds as the solver counts them
    began: float = field(default_factory=time.monotonic)
    workers: tuple[Worker, ...] = ()
    free: list[Worker] = field(default_factory=list)
    here: Look = field(init=False)
    are_many: bool = False

    def __post_init__(self) -> None:
        self.here = Look(self.work, self.search.target)

    def turn_to(self, candidates: Sequence[Together], value: float) -> None:
        """The next candidates, which are asked about for what is less than ``value``."""
        unknown = [one for one in candidates if one.bound_cycles < value and not self._is_closed(one, value)]
        count = self.search.options.workers
        late = time.monotonic() - self.began > _ALONE_S and not self.search.options.deterministic
        self.are_many = late and count > 1 and len(unknown) >= _MANY * count
        if self.are_many and not self.workers:
            self.workers = tuple(Worker(_MOST_JOBS) for _ in range(count))
            self.free = [*self.workers]

    def ask(self, candidate: Together, below: float, bound: float) -> Answer | None:
        """What ``look`` finds, to come; None where all processes are busy."""
        answer: Answer = Future()
        if self._is_closed(candidate, below):
            answer.set_result(Tried(self.looked[candidate].proved))
        elif not self.are_many:
            answer.set_result(self._noted(candidate, self.here.at(candidate, below, bound, self._effort())))
        elif not self.free:
            return None
        else:
            worker, effort = self.free.pop(), replace(self._effort(), workers=1)
            given = self.work, self.search.target, candidate, below, bound, effort
            future = worker.start(look, *given)
            future.add_done_callback(lambda done: self._ended(candidate, bound, worker, done, answer))
        return answer

    def _ended(self, candidate: Together, bound: float, worker: Worker, done: Future[Looked], answer: Answer) -> None:
        """A candidate whose process died stays as it was: nothing is known of it. Any other error is a defect."""
        self.free.append(worker)
        error = done.exception()
        if error is None:
            answer.set_result(self._noted(candidate, done.result()))
        elif isinstance(error, Died):
            answer.set_result(Tried(bound))
        else:
            answer.set_exception(error)

    def _noted(self, candidate: Together, found: Looked) -> Tried[Together]:
        self.looked[candidate] = found
        self.spent += found.spent
        if found.schedule is None:
            return Tried(found.proved)
        return Tried(found.proved, float(found.schedule.latency_cycles), candidate)

    def _is_closed(self, candidate: Together, below: float) -> bool:
        known = self.looked.get(candidate)
        return known is not None and (known.settled or known.proved >= below)

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

    def closed(self, matches: Sequence[Match], bound: float) -> tuple[Closed, ...]:
        """The candidates that the solver closed, as a certificate for ``bound`` lists them."""
        return tuple(
            Closed(
                tuple(Cut(matches.index(cut.binding.match), cut.tile, cut.pieces) for cut in one.cuts),
                one.bound_cycles,
                int(bound),
                found.model,
                one.staying,
            )
            for one, found in self.looked.items()
            if found.model and one.bound_cycles < bound
        )

    def stop(self) -> None:
        """Kills the processes, whatever they do."""
        for worker in self.workers:
            worker.stop()
