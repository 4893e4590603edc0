"""A contestant as its process is seen from outside: asked, awaited so long, stopped between its turns, and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection
from multiprocessing import Pipe
from typing import Any

from isamap.deploy.against.library import Found
from isamap.deploy.against.rounds import Dropped
from isamap.errors import Unsupported

_BEGINS_S = 60.0
_SERVE = "from isamap.deploy.against.ring import serve; serve()"
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Refused(Dropped):
    """The library cannot do what it was asked."""


class Process:
    """A process of so many threads on ``cpus``. Between requests it is stopped where it has several: threads
    that await work by asking again and again would take time from others."""

    def __init__(self, name: str, found: Found, cpus: Collection[int], threads: int) -> None:
        if not hasattr(os, "sched_setaffinity"):
            raise Unsupported("run", "a system that does not let a program choose its CPUs", "Linux does")
        self._stops = threads > 1
        self._pipe, theirs = Pipe()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _SERVE, str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._said,
                env=_environment(found, threads), pass_fds=[theirs.fileno()], start_new_session=True,
            )  # fmt: skip
        try:
            self._pipe.send((name, found, frozenset(cpus), threads))
            self._await(_BEGINS_S)
        except BaseException:
            self.kill()
            raise

    def ask(self, verb: str, *arguments: object, limit_s: float) -> Any:
        """The answer. Raises Refused, and Dropped where the process died, failed or took longer than ``limit_s``: it
        is then gone."""
        try:
            self._signal("SIGCONT")
            self._pipe.send((verb, arguments))
            return self._await(limit_s)
        except OSError:
            raise self._gone() from None

    def kill(self) -> None:
        """Ends it, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._pipe.close()
        self._said.close()

    def _await(self, limit_s: float) -> Any:
        try:
            if not self._pipe.poll(limit_s):
                self.kill()
                raise Dropped(f"no answer within {limit_s:g} s")
            state, answer = self._pipe.recv()
        except (EOFError, ConnectionError):
            raise self._gone() from None
        self._signal("SIGSTOP")
        if state == "refused":
            raise Refused(answer)
        if state == "failed":
            self.kill()
            raise Dropped(answer)
        return answer

    def _gone(self) -> Dropped:
        """Why there is no process any more."""
        self._process.kill()
        code = self._process.wait()
        self._said.seek(0)
        said = self._said.read().decode(errors="replace").strip().splitlines()
        self.kill()
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Dropped(f"its process ended ({how})" + (f": {said[-1]}" if said else ""))

    def _signal(self, name: str) -> None:
        if self._stops:
            self._process.send_signal(getattr(signal, name))


def _environment(found: Found, threads: int) -> dict[str, str]:
    """The caller's, with the library's folders and the number of threads."""
    paths = [path or os.getcwd() for path in sys.path]
    folders = [*found.folders, *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    own = {"PYTHONPATH": os.pathsep.join(paths), "LD_LIBRARY_PATH": os.pathsep.join(folders), "MKL_DYNAMIC": "FALSE"}
    return {**os.environ, **own, **dict.fromkeys(_THREADS, str(threads))}
