"""A process that does one job at a time and may be killed at any moment.

Each worker is a pool of its own, with one process: what a process holds when it is killed (a pipe, a lock) is then
nobody else's. Processes are spawned, because solvers have threads, which a fork would break.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import wait

from pebble import ProcessPool

from isamap.explore.grid import Job
from isamap.explore.job import Outcome, perform

_MOST_JOBS_PER_PROCESS = 50  # memory that a solver does not give back goes with its process


class Worker:
    """Starts jobs, one after the other; a process that died is replaced at the next start."""

    def __init__(self) -> None:
        self._pool: ProcessPool | None = None

    def start(self, job: Job, limit_s: float | None) -> Future[Outcome]:
        """The outcome to come. The future raises TimeoutError at the limit, and another exception where the process
        dies. The limit counts from when the process has the job, with everything imported."""
        with _interrupts_kept():
            if self._pool is None or not self._pool.active:
                self.stop()
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPool(1, _MOST_JOBS_PER_PROCESS, initializer=_prepare, context=context)
            return self._pool.schedule(perform, (job.kernel, job.target, dict(job.options)), timeout=limit_s)

    def stop(self) -> None:
        """Kills the process, whatever it does."""
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None


@contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Ctrl-C waits until the end; processes and threads begun inside never hear of it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # begun inside, it would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare() -> None:
    """Runs first in the new process: it ends at once when told to, and when its parent is gone."""
    with suppress(ValueError):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
