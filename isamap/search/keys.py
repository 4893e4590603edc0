"""Vectors of random keys, what they are worth, and what a search over them reached.

A key is a number from 0 up to 1; a decoder that the search knows nothing of makes a candidate of a vector of keys, so
that every vector is a candidate and every search moves through the same space. (J. C. Bean, "Genetic algorithms and
random keys for sequencing and optimization", ORSA Journal on Computing 6(2), 1994.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, nextafter

Keys = tuple[float, ...]
Cost = Callable[[Keys], float]  # infinite where the keys are no candidate
Spent = Callable[[], float]  # the share of its budget that the search has had; it ends at 1
LARGEST_KEY = nextafter(1.0, 0.0)


@dataclass(frozen=True)
class Reached:
    """The best keys that a search met (none: no candidate), their cost, and whether Ctrl-C ended it."""

    keys: Keys = ()
    cost: float = inf
    interrupted: bool = False


def pick(key: float, count: int) -> int:
    """Which of ``count`` choices a key stands for."""
    return min(int(key * count), count - 1)
