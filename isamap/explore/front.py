"""Which designs are worth a look: those that no other is as good as in everything and better than in something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isamap.explore.grid import Job

Values = Sequence[float | None]


def metric(name: str, record: Mapping[str, Any], job: Job) -> float | None:
    """``latency_cycles``, ``peak_bytes.MEMORY``, ``target.PARAMETER`` ... of a result; None where it is not known."""
    group, _, member = name.partition(".")
    found = job.parameters if group == "target" else record.get(group)
    value = found.get(member) if member and isinstance(found, Mapping) else found
    return value if isinstance(value, (int, float)) else None


def pareto_front(points: Sequence[Values]) -> tuple[int, ...]:
    """The numbers of the points that no other dominates, every value being the better the smaller.

    Equal points do not dominate each other. A point of which a value is not known is neither on the front nor beats
    another.
    """
    known = [(tuple(v for v in point if v is not None), n) for n, point in enumerate(points) if None not in point]
    front: list[tuple[tuple[float, ...], int]] = []
    for point, number in sorted(known):  # whatever dominates a point comes before it
        if not any(_dominates(other, point) for other, _ in front):
            front.append((point, number))
    return tuple(sorted(number for _, number in front))


def _dominates(other: tuple[float, ...], point: tuple[float, ...]) -> bool:
    return other != point and all(a <= b for a, b in zip(other, point, strict=True))
