"""Contests: isamap's kernel and installed libraries, each in a process that serves for one kernel after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import prod
from types import TracebackType
from typing import Protocol

from isamap.codegen.cpu import cpu_name
from isamap.deploy.against.library import Library
from isamap.deploy.against.mkl import Mkl
from isamap.deploy.against.onednn import OneDnn
from isamap.deploy.against.openblas import OpenBlas
from isamap.deploy.against.ours import Ours
from isamap.deploy.against.process import Process, Refused
from isamap.deploy.against.reference import Reference, reference
from isamap.deploy.against.rounds import Dropped, Rounds, interleaved
from isamap.deploy.against.serve import main
from isamap.deploy.against.torch import Torch
from isamap.errors import Fault, InputError, NotFound
from isamap.ir.contest import OURS, Absent, Contest, Timed
from isamap.ir.contraction import Contraction, contraction_of
from isamap.ir.cpu import Core
from isamap.ir.ranking import Ranking
from isamap.ir.workload import Workload
from isamap.simulate import random_inputs

_SEED = 0
_CALL_LIMIT_S = 120.0
_ALL: tuple[Library, ...] = (Mkl(), OpenBlas(), OneDnn(), Torch())
LIBRARIES = tuple(each.name for each in _ALL)


class Progress(Protocol):
    def __call__(self, stage: str) -> None: ...


class Ring:
    """A context with a process for isamap and for each of the libraries ``names`` that is installed, pinned to so many
    of this process's CPUs. ``measure``: isamap's kernel is the quickest of several. Raises InputError."""

    def __init__(
        self,
        names: Sequence[str] = LIBRARIES,
        threads: int = 1,
        progress: Progress = lambda stage: None,
        measure: bool = False,
    ) -> None:
        unknown = [name for name in names if name not in LIBRARIES]
        if unknown:
            raise InputError([Fault(("--against",), f"some of {' '.join(LIBRARIES)}", " ".join(unknown))])
        self.threads, self.cpus, self._measure = threads, _cpus(threads), measure
        chosen: list[Library] = [Ours(), *(each for each in _ALL if each.name in names)]
        found = {each: each.find(threads) for each in chosen}
        self._found = {each.name: place for each, place in found.items() if place is not None}
        self._missing = [Absent(each.name, "not installed", each.package) for each in chosen if found[each] is None]
        self._progress = progress
        self._processes: dict[str, Process] = {}

    def __enter__(self) -> Ring:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes.values():
            process.kill()
        self._processes.clear()

    def contest(
        self, work: Workload, core: Core, seconds: float = 5.0, packed: frozenset[str] = frozenset()
    ) -> Contest:
        """The kernel on random inputs, in rounds for so many seconds; each result checked. The inputs ``packed`` are
        weights that stay the same: copies of them are made before, and not counted. Raises Unsupported
        and InputError where isamap cannot compile it, NotFound where its own process is lost."""
        what = contraction_of(work)
        strange = sorted(packed.difference(factor.tensor for factor in what.factors))
        if strange:
            factors = " ".join(factor.tensor for factor in what.factors)
            raise InputError([Fault(("--packed",), f"some of {factors}", " ".join(strange))])
        values = random_inputs(work, _SEED)
        absent: dict[str, Absent] = {}
        drop = partial(self._drop, absent)
        ready = dict[str, tuple[str, Ranking | None]]()
        for name in self._found:
            self._progress(f"{name}: preparing")
            try:
                ready[name] = self._process(name).ask(
                    "take", work, core, values, packed, self._measure, limit_s=_CALL_LIMIT_S
                )
            except Dropped as reason:
                drop(name, str(reason), isinstance(reason, Refused))
        self._progress("checking")
        right = reference(work, values)
        verdicts = self._verdicts(ready, right, drop)
        self._progress("measuring")
        runs = {name: partial(self._call, name) for name in verdicts}
        rounds = interleaved(runs, seconds, drop)
        return self._judged(work, core, what, (ready, verdicts, rounds), absent)

    def _process(self, name: str) -> Process:
        if name not in self._processes:
            self._processes[name] = Process(name, self._found[name], self.cpus, self.threads)
        return self._processes[name]

    def _call(self, name: str, calls: int) -> float:
        return float(self._processes[name].ask("call", calls, limit_s=_CALL_LIMIT_S))

    def _drop(self, absent: dict[str, Absent], name: str, reason: str, is_refusal: bool = False) -> None:
        """Raises where it is isamap that cannot go on."""
        if not is_refusal:
            self._processes.pop(name, None)
        if name == OURS:
            raise InputError(reason) if is_refusal else NotFound(f"isamap's own kernel: {reason}")
        absent[name] = Absent(name, reason)

    def _verdicts(
        self, ready: Mapping[str, object], right: Reference, drop: Callable[[str, str], None]
    ) -> dict[str, tuple[float | None, str]]:
        found = {}
        for name in ready:
            try:
                found[name] = right.judge(self._processes[name].ask("result", limit_s=_CALL_LIMIT_S))
            except Dropped as reason:
                drop(name, str(reason))
        return found

    def _judged(
        self,
        work: Workload,
        core: Core,
        what: Contraction,
        took: tuple[dict[str, tuple[str, Ranking | None]], dict[str, tuple[float | None, str]], dict[str, Rounds]],
        absent: dict[str, Absent],
    ) -> Contest:
        ready, verdicts, rounds = took
        timed = {
            name: Timed(
                name, self._found[name].version, each.minimum_s, each.median_s, len(each.seconds), each.calls,
                *verdicts[name], *ready[name],
            )
            for name, each in rounds.items()
        }  # fmt: skip
        operations = 2 * prod(what.extents.values())
        unit = "GF/s" if what.sums.is_float else "GOP/s"
        ours = timed.pop(OURS)
        missing = (*self._missing, *absent.values())
        return Contest(
            work.name, core.name, cpu_name(), self.threads, operations, unit, ours, tuple(timed.values()), missing
        )


def serve() -> None:
    """What a contestant's process runs."""
    main(lambda: {each.name: each for each in (Ours(), *_ALL)})


def _cpus(threads: int) -> tuple[int, ...]:
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    if threads > len(allowed):
        raise InputError([Fault(("--threads",), f"at most {len(allowed)}, a CPU for each", str(threads))])
    return tuple(allowed[-threads:])
