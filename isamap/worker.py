"""A process that does one job at a time and may be killed at any moment.

Each worker is a pool of its own, with one process: what a process holds when it is killed (a pipe, a lock) is then
nobody else's. Processes begin anew, without the caller's main module: a solver's threads would not outlive a fork, and
a script that compiles a kernel need not guard its main part.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread, Timer
from typing import Any, TypeVar

Result = TypeVar("Result")


class Died(RuntimeError):
    """The process ended before it had a result."""


_MOST_JOBS_PER_PROCESS = 50  # memory that a solver does not give back goes with its process
_TRIES = 3
_LOOKS_AFTER_PARENT_S = 0.5


class Worker:
    """Starts jobs, one after the other; a process that died is replaced at the next start. Whoever starts one stops it
    in the end: else the interpreter waits for what it does."""

    def __init__(self, most_jobs: int = _MOST_JOBS_PER_PROCESS) -> None:
        self._most = most_jobs
        self._pool: Any = None
        self._jobs = 0

    def start(
        self, function: Callable[..., Result], *arguments: object, limit_s: float | None = None
    ) -> Future[Result]:
        """The result to come of ``function``, which a module names. The future raises TimeoutError at the limit, and
        Died where the process does. The limit counts from when everything is imported."""
        promise: Future[Result] = Future()
        promise.set_running_or_notify_cancel()
        with _interrupts_kept():  # a submission may start the process
            ready, future = self._submitted(function, arguments)
        future.add_done_callback(lambda done: self._settle(promise, done))
        if limit_s is not None:
            ready.add_done_callback(lambda _: self._limit(promise, limit_s))
        return promise

    def stop(self) -> None:
        """Kills the process, whatever it does."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, kill_workers=True)

    def _submitted(
        self, function: Callable[..., Result], arguments: tuple[object, ...]
    ) -> tuple[Future[None], Future[Result]]:
        """Done when the process has imported what ``function`` needs, and when it has the result."""
        from loky import BrokenProcessPool, ProcessPoolExecutor

        for _ in range(_TRIES):
            if self._pool is None or self._jobs >= self._most:
                self.stop()
                self._pool = ProcessPoolExecutor(1, initializer=_end_with_parent, initargs=(os.getpid(),))
                self._jobs = 0
            self._jobs += 1
            try:
                return self._pool.submit(_know, function), self._pool.submit(function, *arguments)
            except BrokenProcessPool:  # it died while it had nothing to do
                self._pool = None
        raise RuntimeError(f"a process died {_TRIES} times before it had anything to do")

    def _settle(self, promise: Future[Result], done: Future[Result]) -> None:
        if promise.done():
            return
        error = done.exception() if not done.cancelled() else Died("it was stopped")
        if error is None:
            promise.set_result(done.result())
            return
        if type(error).__module__.startswith("loky"):  # of the process, which is gone: its pool clears up
            self._pool, error = None, Died(str(error))
        promise.set_exception(error)

    def _limit(self, promise: Future[Result], limit_s: float) -> None:
        def end() -> None:
            if not promise.done():
                promise.set_exception(TimeoutError(f"more than {limit_s:g} s"))
                self.stop()

        timer = Timer(limit_s, end)
        timer.daemon = True
        promise.add_done_callback(lambda _: timer.cancel())
        timer.start()


@contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Ctrl-C waits until the end; processes and threads begun inside never hear of it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _know(function: Callable[..., object]) -> None:
    """Imports all that ``function`` needs: it came by name."""


def _end_with_parent(parent: int) -> None:
    """Runs first in the new process, which ends when its parent is gone."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOKS_AFTER_PARENT_S)
        os._exit(1)

    Thread(target=look, daemon=True).start()
