"""isamap's own kernel, compiled in the contestant's process."""

from __future__ import annotations

from importlib import metadata

from isamap.deploy.against.library import Found, Ready, Task
from isamap.deploy.jit import jit_workload
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
        packed = sorted(task.packed)
        kernel = jit_workload(task.work, task.core, threads=task.threads, measure=task.measure, before=packed)
        output = kernel.output.name
        inputs = (
            kernel.pack(name, task.arrays[name]) if name in kernel.before else task.arrays[name]
            for name in task.work.inputs
            if name != output
        )
        bound = kernel.bound(*inputs, out=task.arrays[output])
        shares = f"{len(kernel.parts)} shares of " if len(kernel.parts) > 1 else ""
        return Ready(bound.call, shares + choices(kernel.blocking), bound, kernel.ranking)


def choices(how: Blocking) -> str:
    """A blocking in a line: ``n/512 k/256 n/32 m/12, panels of B at 2, lanes along n``."""
    parts = [" ".join(f"{loop.axis}/{loop.step}" for loop in how.loops) or "no loops"]
    parts += [f"panels of {each.tensor} {'before' if each.before else f'at {each.depth}'}" for each in how.panels]
    parts += [f"{each.tensor} fetched {each.ahead} ahead to level {each.level}" for each in how.prefetches]
    parts += [f"next panels of {tensor} fetched early" for tensor in how.early]
    return ", ".join([*parts, f"lanes along {how.vector}"])
