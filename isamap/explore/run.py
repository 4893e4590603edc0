"""A sweep: jobs go to workers, outcomes to the store, until everything is done or someone says stop.

Only this process writes the store, and it writes each outcome before it starts another job. A job whose worker died
is tried again; one that reached its time limit is not.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path

from isamap.compile import Options
from isamap.errors import InputError
from isamap.explore.answer import Result, Swept
from isamap.explore.grid import Job, jobs_of
from isamap.explore.job import Outcome, perform
from isamap.explore.store import Kept, Store
from isamap.spec import Sweep, load_sweep
from isamap.worker import Worker

Progress = Callable[["Standing"], None]
_TICK_S = 1.0


@dataclass(frozen=True)
class Standing:
    """How far a sweep is. ``best`` is the least value so far per kernel and objective; ``eta_s`` None: unknown yet."""

    total: int
    ended: int
    failed: int
    eta_s: float | None
    best: tuple[tuple[str, str, float], ...]


def read_sweep(source: str | Path) -> Sweep:
    """The sweep of a file, or of YAML text; raises SpecError with every mistake."""
    return load_sweep(source, Options)


def sweep_designs(
    sweep: Sweep | str | Path,
    *,
    store: str | Path | None = None,
    jobs: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Swept:
    """Compiles every design of a sweep, ``jobs`` at a time, and keeps the outcomes in the file ``store``.

    With ``resume`` what the store holds is not done again, but for what a defect, a dead worker or a shorter time limit
    ended; without it, a store that holds results of this sweep is refused (InputError). Ctrl-C ends the sweep, which
    answers with what is done.
    """
    sweep = sweep if isinstance(sweep, Sweep) else read_sweep(sweep)
    grid = jobs_of(sweep)
    if jobs is not None and jobs < 1:
        raise InputError(f"jobs: expected at least 1, got {jobs}")
    with Store(store) as kept:
        known = kept.results([job.key for job in grid])
        if known and not resume:
            raise InputError(
                f"{store} holds {len(known)} of the {len(grid)} results of this sweep: continue with --resume "
                "(resume=True), name another store, or remove it to begin anew"
            )
        found = {key: was.outcome for key, was in known.items() if not _again(was, sweep.job_time_limit_s)}
        run = _Run(sweep, grid, kept, found, progress)
        run.work(jobs or sweep.jobs)
    ended = {key: was.outcome for key, was in known.items()} | found
    results = tuple(Result(job, ended[job.key]) for job in grid if job.key in ended)
    return Swept(sweep.name, sweep.minimise, len(grid), results, run.stopped)


def _again(was: Kept, limit_s: float | None) -> bool:
    """Is there more to hope for this time?

    A worker that died may live, a defect may be mended (the key does not tell), a longer time limit may be enough.
    """
    if was.outcome.state == "timeout":
        return was.limit_s is not None and (limit_s is None or limit_s > was.limit_s)
    return was.outcome.state in ("died", "defect")


@dataclass
class _Run:
    """One run of a sweep: outcomes by key in ``found``, also those of earlier runs."""

    sweep: Sweep
    grid: tuple[Job, ...]
    store: Store
    found: dict[str, Outcome]
    progress: Progress | None
    stopped: bool = False
    began: float = field(default_factory=time.monotonic)
    ended_before: int = 0
    best: dict[tuple[str, str], float] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)

    def work(self, count: int) -> None:
        """Does every job that has no outcome; Ctrl-C ends it early."""
        waiting = deque(job for job in self.grid if job.key not in self.found)
        self.ended_before = len(self.found)
        for job in self.grid:
            if job.key in self.found:
                self._note_best(job, self.found[job.key])
        workers = [Worker() for _ in range(min(count, len(waiting)))]
        try:
            self._tell()
            self._serve(waiting, workers)
        except KeyboardInterrupt:
            self.stopped = True
        finally:
            for worker in workers:
                worker.stop()

    def _serve(self, waiting: deque[Job], workers: Iterable[Worker]) -> None:
        idle = list(workers)
        busy: dict[Future[Outcome], tuple[Worker, Job]] = {}
        while waiting or busy:
            while waiting and idle:
                job = waiting.popleft()
                if job.refusal:
                    self._end(job, Outcome("refused", {}, job.refusal))
                    continue
                worker = idle.pop()
                self.store.begin(job.key)
                given = job.kernel, job.target, dict(job.options)
                busy[worker.start(perform, *given, limit_s=self.sweep.job_time_limit_s)] = worker, job
            done, _ = wait(busy, timeout=_TICK_S, return_when=FIRST_COMPLETED)
            for future in done:
                worker, job = busy.pop(future)
                idle.append(worker)
                outcome = self._outcome(job, future)
                if outcome is None:
                    waiting.appendleft(job)
                else:
                    self._end(job, outcome)

    def _outcome(self, job: Job, future: Future[Outcome]) -> Outcome | None:
        """How the job ended; None where its worker died and it is to be tried again."""
        try:
            return future.result()
        except TimeoutError:
            return Outcome("timeout", {}, f"killed after job_time_limit_s: {self.sweep.job_time_limit_s:g}")
        except Exception as error:  # whatever the pool makes of a process that died
            self.tries[job.key] += 1
            if self.tries[job.key] <= self.sweep.retries:
                return None
            times = self.tries[job.key]
            return Outcome("died", {}, f"its worker died {times} time{'s' if times > 1 else ''}, last: {error}")

    def _end(self, job: Job, outcome: Outcome) -> None:
        self.store.keep(job.key, outcome, job.settings, self.sweep.job_time_limit_s)
        self.found[job.key] = outcome
        self._note_best(job, outcome)
        self._tell()

    def _note_best(self, job: Job, outcome: Outcome) -> None:
        value = outcome.record.get("value") if outcome.state == "done" else None
        if value is not None:
            at = (str(outcome.record["objective"]), job.kernel_label)
            self.best[at] = min(value, self.best.get(at, value))

    def _tell(self) -> None:
        if self.progress is None:
            return
        total, ended = len(self.grid), len(self.found)
        failed = sum(outcome.state != "done" for outcome in self.found.values())
        now = ended - self.ended_before
        eta_s = (time.monotonic() - self.began) / now * (total - ended) if now else None
        best = tuple((objective, kernel, value) for (objective, kernel), value in self.best.items())
        self.progress(Standing(total, ended, failed, eta_s, best))
