"""One kernel on one machine by several methods, each judged by the same simulator: how far is each, and how soon?

Mapping is done once, for all. Every method then has the same time; one with several seeds shares it among them. What
each answers is placed, simulated and checked like every compilation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from isamap.compiled import Compared, Comparison, Options
from isamap.errors import CheckFailed, Fault, Infeasible, InputError, IsamapError, NotFound, Unsupported
from isamap.explore.method_run import MethodRuns
from isamap.explore.methods import METHODS, SEEDED
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.plugins import Heuristic

SEEDS = 3
Progress = Callable[[str, float | None, float | None], None]


def compare_methods(
    work: Workload,
    target: Target,
    options: Options | None = None,
    methods: Sequence[str] = METHODS,
    seeds: int = SEEDS,
    progress: Progress | None = None,
    total_s: float = float("inf"),
    heuristics: Mapping[str, Heuristic] | None = None,
) -> Comparison:
    """``work`` on ``target`` by each of ``methods``, those that are drawn by chance with ``seeds`` seeds. The name of
    one of ``heuristics`` is a method, too: list with the tilings that this function suggests.

    The solvers begin from the heuristics' answer, and the seconds that it took count as theirs too. A method without an
    answer is left out, with the reason, and runs that would end after ``total_s`` are not begun (the first always is);
    Ctrl-C keeps what is done. Raises InputError for an unknown method, and where no method has an answer what the first
    one said.
    """
    own = dict(heuristics or {})
    known, asked = (*METHODS, *own), list(dict.fromkeys(methods))
    unknown = [name for name in asked if name not in known]
    if unknown or not asked:
        raise InputError([Fault(("methods",), f"some of {' '.join(known)}", ", ".join(unknown) or "none")])
    if taken := [name for name in own if name in METHODS]:
        raise InputError([Fault(("heuristics",), "names that no method has", ", ".join(taken))])
    if seeds < 1:
        raise InputError([Fault(("seeds",), "at least 1", str(seeds))])
    if work.repeat is not None:
        raise Unsupported("compare", f"the recurrence over {work.repeat.axis}", "evaluate runs it")
    options = options or Options()
    state = _State(MethodRuns(work, target, options, progress, own), options.time_limit_s, seeds, total_s)
    try:
        for method, number in _in_order(asked, seeds):
            if method not in state.refused and not state.runs.interrupted:
                state.run(method, options.seed + number)
    except KeyboardInterrupt:
        state.runs.interrupted = True
    if not state.found:
        raise next(iter(state.refused.values()), NotFound("stopped before any method had an answer"))
    found = sorted(state.found, key=lambda run: (asked.index(run.method), run.seed))
    failed = tuple(method for method, error in state.refused.items() if isinstance(error, CheckFailed))
    done = {run.method for run in found} - set(failed)
    left_out = tuple((method, str(error)) for method, error in state.refused.items() if method not in done)
    bound, seconds = state.runs.bound_of(found), state.runs.mapping_seconds
    return Comparison(tuple(found), bound, left_out, failed, seconds, state.runs.interrupted)


def _in_order(methods: Sequence[str], seeds: int) -> Iterator[tuple[str, int]]:
    """Every method once, in such an order that solvers may begin from heuristics; then the further seeds."""
    once = [method for method in methods if method not in SEEDED]
    yield from ((method, 0) for method in sorted(once, key=lambda method: method == "exact"))
    for number in range(seeds):
        yield from ((method, number) for method in methods if method in SEEDED)


@dataclass
class _State:
    """What is found so far, and what methods without an answer said."""

    runs: MethodRuns
    limit_s: float
    seeds: int
    total_s: float
    found: list[Compared] = field(default_factory=list)
    refused: dict[str, IsamapError] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    longest_s: float = 0.0  # of a run, beyond the limit that it had

    def run(self, method: str, seed: int) -> None:
        began, limit = time.monotonic(), self.limit_s / (self.seeds if method in SEEDED else 1)
        if self.found and began - self.began + limit + self.longest_s > self.total_s:
            self.refused[method] = NotFound(f"no time left of {self.total_s:.0f} seconds for all methods")
            return
        try:
            self.found.append(self.runs.run(method, seed, limit))
        except (CheckFailed, Infeasible, NotFound, Unsupported) as error:
            self.refused[method] = error
        self.longest_s = max(self.longest_s, time.monotonic() - began - limit)
