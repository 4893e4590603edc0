"""Buffers of one memory, placed and checked: what ``isamap place`` answers, beside what every greedy method does."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from isamap.check.placement import check_placement
from isamap.cpsat import Tell
from isamap.ir.answers import Lifetime, Placement, Solved, Violation
from isamap.ir.effort import Effort
from isamap.ir.hardware import Memory, Target
from isamap.placement import every_greedy, place_exactly, refuse_nonsense, room_bytes

Method = Literal["exact", "greedy"]


@dataclass(frozen=True)
class Placed:
    """``greedy`` holds the height of each greedy method, also above the capacity (None: there is none); ``seconds`` is
    the time that all of them and the search took (0 where it is deterministic)."""

    target: Target
    capacity_bytes: int | None
    solved: Solved[Placement]
    greedy: Mapping[str, int]
    violations: tuple[Violation, ...]
    seconds: float

    @property
    def checked(self) -> bool:
        """Was an answer found, and found right?"""
        return self.solved.answer is not None and not self.violations

    def to_json(self) -> dict[str, Any]:
        """What ``isamap place --json`` prints."""
        solved = self.solved
        return {
            "status": solved.status,
            "height": None if solved.value is None else int(solved.value),
            "bound": None if solved.bound is None else int(solved.bound),
            "gap": solved.gap,
            "capacity": self.capacity_bytes,
            "method": solved.method,
            "greedy": dict(self.greedy),
            "checked": self.checked,
            "violations": [{"rule": v.rule, "where": v.where, "detail": v.detail} for v in self.violations],
            "solve_seconds": round(self.seconds, 3),
            "interrupted": solved.interrupted,
            "seed": solved.seed,
        }


def place_buffers(
    lives: Sequence[Lifetime],
    capacity_bytes: int | None = None,
    *,
    alignment_bytes: int = 1,
    banks: int = 1,
    method: Method = "exact",
    effort: Effort | None = None,
    hint: Placement | None = None,
    tell: Tell | None = None,
) -> Placed:
    """Addresses within the capacity, any that fit; without one, the lowest that are found, and a bound on them.

    Raises InputError for buffers that make no sense.
    """
    effort = effort or Effort()
    effort = replace(effort, time_limit_s=0) if method == "greedy" else effort
    began = time.monotonic()
    roomy = one_memory(lives, None, alignment_bytes)
    target = one_memory(lives, capacity_bytes, alignment_bytes, banks)
    refuse_nonsense(lives, target)
    greedy = {one.method: one.height for one in every_greedy(lives, roomy if banks == 1 else target)}
    solved = place_exactly(lives, target, effort=effort, hint=hint, tell=tell, enough=capacity_bytes is not None)
    wrong = () if solved.answer is None else tuple(check_placement(solved.answer, target, lives))
    seconds = 0.0 if effort.deterministic else time.monotonic() - began
    return Placed(target, capacity_bytes, solved, greedy, wrong, seconds)


def one_memory(
    lives: Iterable[Lifetime], capacity_bytes: int | None, alignment_bytes: int = 1, banks: int = 1
) -> Target:
    """A machine of one memory, that of the buffers; without a capacity it has room for all of them side by side."""
    lives = tuple(lives)
    names = {life.memory for life in lives} or {"memory"}
    if len(names) > 1:
        raise ValueError(f"expected buffers of one memory, got {' '.join(sorted(names))}")
    if capacity_bytes is None:
        capacity_bytes = room_bytes(lives, alignment_bytes)
    memory = Memory(names.pop(), capacity_bytes, alignment_bytes=alignment_bytes, banks=banks)
    return Target("memory", (memory,), (), (), (), (), (), ())
