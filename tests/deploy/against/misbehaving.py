"""Contestants that die, hang, err, and are wrong; and one that does the kernel with numpy."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np

from isamap.deploy.against.library import Found, Lacking, Library, Ready, Task
from isamap.deploy.against.ours import Ours
from isamap.deploy.against.serve import main


@dataclass(frozen=True)
class Fake:
    """Multiplies A by B into C; or does as its name says."""

    name: str
    package: str = "pip-name"

    def find(self, threads: int) -> Found | None:
        return None if self.name == "gone" else Found("1.0")

    def prepare(self, found: Found, task: Task) -> Ready:
        if self.name == "lacking":
            raise Lacking("it has none of this")
        if self.name == "erring":
            raise ZeroDivisionError("in the library")
        if self.name == "dying":
            os.write(2, b"first\nillegal something\n")
            os.abort()

        def call() -> None:
            if self.name == "hanging":
                time.sleep(60)
            np.matmul(task.arrays["A"], task.arrays["B"], out=task.arrays["C"])
            if self.name == "wrong":
                task.arrays["C"][1, 2] += 1

        return Ready(call, f"numpy on {len(os.sched_getaffinity(0))} with {os.environ['OMP_NUM_THREADS']}")


FAKES: tuple[Library, ...] = tuple(
    Fake(name) for name in ("numpy", "wrong", "lacking", "erring", "dying", "hanging", "gone")
)


def serve() -> None:
    main(lambda: {each.name: each for each in (Ours(), *FAKES)})
