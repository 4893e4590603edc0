"""A contestant's process: loads one library, then does what it is told over a pipe.

``take`` a kernel and its inputs, ``call`` it so many times in a row, give the ``result`` of one call. Libraries are
kept apart because the names of their functions are the same, and each brings threads of its own.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping
from itertools import repeat
from multiprocessing.connection import Connection
from time import perf_counter, process_time
from typing import Any

from isamap.deploy.against.library import Found, Lacking, Library, Ready, Task
from isamap.deploy.against.reference import placed
from isamap.deploy.arrays import Array
from isamap.errors import IsamapError
from isamap.ir.cpu import Core
from isamap.ir.ranking import Ranking
from isamap.ir.workload import Workload

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of sys/prctl.h


class Contestant:
    """What is left to do once a library is known: each verb is a request's name."""

    def __init__(self, library: Library, found: Found, threads: int) -> None:
        self.library, self.found, self.threads = library, found, threads
        self.ready = Ready(lambda: None, "")
        self.output, self.start = "", None  # type: str, Array | None
        self.arrays: Mapping[str, Array] = {}

    def take(
        self, work: Workload, core: Core, values: Mapping[str, Array], packed: frozenset[str], measure: bool
    ) -> tuple[str, Ranking | None]:
        """How the library does the kernel, and how it ranked its candidates; see ``Task``."""
        self.ready, self.arrays = Ready(lambda: None, ""), {}
        self.arrays = placed(work, values)
        (self.output,) = work.outputs
        self.start = values.get(self.output)
        self.ready = self.library.prepare(self.found, Task(work, core, self.arrays, self.threads, packed, measure))
        return self.ready.how, self.ready.ranking

    def call(self, calls: int) -> float:
        """Seconds of so many calls; before several of them is one that does not count. Of one thread it is the time
        that the process had the CPU, whoever else wanted it."""
        call, clock = self.ready.call, process_time if self.threads == 1 else perf_counter
        if calls > 1:
            call()
        began = clock()
        for _ in repeat(None, calls):
            call()
        return clock() - began

    def result(self) -> Array:
        """The output of one call."""
        output = self.arrays[self.output]
        output[...] = self.start if self.start is not None else 0
        self.ready.call()
        return output.copy()


def main(libraries: Callable[[], Mapping[str, Library]]) -> None:
    """Answers requests until there are no more; the arguments are a pipe's number and the parent's."""
    pipe, parent = Connection(int(sys.argv[1])), int(sys.argv[2])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        return
    name, found, cpus, threads = pipe.recv()
    os.sched_setaffinity(0, cpus)
    gc.disable()
    contestant = Contestant(libraries()[name], found, threads)
    pipe.send(("done", None))
    while True:
        try:
            verb, arguments = pipe.recv()
        except EOFError:
            return
        pipe.send(_answer(getattr(contestant, verb), arguments))


def _answer(verb: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[str, object]:
    try:
        return "done", verb(*arguments)
    except (IsamapError, Lacking) as error:
        return "refused", str(error)
    except Exception as error:
        return "failed", f"{type(error).__name__}: {error}"
