"""One kernel on one machine by several methods, each judged by the same simulator: what do the solvers bring?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from isamap.compile import compile_workload
from isamap.compiled import Compared, Method, Options
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload

METHODS: tuple[Method, ...] = ("heuristic", "exact")
Progress = Callable[[str, float | None, float | None], None]


def compare_methods(
    work: Workload,
    target: Target,
    options: Options | None = None,
    methods: Sequence[Method] = METHODS,
    progress: Progress | None = None,
) -> tuple[Compared, ...]:
    """``work`` on ``target`` by each of ``methods``, with the same limits; raises what ``compile_workload`` raises.

    The solvers begin from the heuristics' answer, and the seconds that it took count as theirs too.
    """
    found: list[Compared] = []
    for method in methods:
        began = time.monotonic()

        def tell(stage: str, value: float | None, bound: float | None, method: Method = method) -> None:
            if progress is not None:
                progress(f"{method}: {stage}", value, bound)

        first = found[0] if found and found[0].method == "heuristic" else None
        start = first.answer if first else None
        answer = compile_workload(work, target, replace(options or Options(), method=method), tell, start)
        spent = time.monotonic() - began + (first.seconds if first else 0.0)
        found.append(Compared(method, answer, spent))
    return tuple(found)
