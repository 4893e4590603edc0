"""isamap's own kernel, compiled in the contestant's process."""

from __future__ import annotations

from importlib import metadata

from isamap.deploy.against.library import Found, Ready, Task
from isamap.deploy.jit import jit_workload
from isamap.deploy.kernel import Kernel
from isamap.ir.blocking import Blocking
from isamap.ir.contest import OURS


class Ours:
    name = OURS
    package = OURS

    def find(self, threads: int) -> Found | None:
        try:
            return Found(metadata.version(self.package))
        except metadata.PackageNotFoundError:  # run from its sources
            return Found("of these sources")

    def prepare(self, found: Found, task: Task) -> Ready:
        before = sorted(task.packed)
        kernel = jit_workload(task.work, task.core, threads=task.threads, measure=task.measure, before=before)
        arrays, output = task.arrays, kernel.output.name
        inputs = (
            kernel.pack(name, arrays[name]) if name in kernel.before else arrays[name]
            for name in task.work.inputs
            if name != output
        )
        bound = kernel.bound(*inputs, out=arrays[output])
        return Ready(bound.call, choices(kernel.blocking) + ranked(kernel), bound)


def ranked(kernel: Kernel) -> str:
    """How well the model ranked the candidates that were timed, where some were."""
    if kernel.ranking is None:
        return ""
    tried, behind = len(kernel.ranking.measured_s), kernel.ranking.regret
    return f"; the quickest of {tried} that were timed, the model's first choice {behind:.1%} behind"


def choices(how: Blocking) -> str:
    """A blocking in a line: ``n/512 k/256 n/32 m/12, panels of B at 2, lanes along n``."""
    parts = [" ".join(f"{loop.axis}/{loop.step}" for loop in how.loops) or "no loops"]
    parts += [f"panels of {each.tensor} {'before' if each.before else f'at {each.depth}'}" for each in how.panels]
    parts += [f"{each.tensor} fetched {each.ahead} ahead to level {each.level}" for each in how.prefetches]
    parts += [f"next panels of {tensor} fetched early" for tensor in how.early]
    return ", ".join([*parts, f"lanes along {how.vector}"])
