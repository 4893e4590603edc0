"""A kernel timed beside libraries: what each took, whether its result is right, and who could not take part."""

from __future__ import annotations

from dataclasses import dataclass

from isamap.errors import Fault, InvalidNoun
from isamap.ir.ranking import Ranking

OURS = "isamap"


@dataclass(frozen=True)
class Timed:
    """A contestant: seconds of one call in its quickest round and in the one in the middle; a round is so many calls
    in a row. ``max_error`` is how far its result lies from the meaning, None where that is not a number; ``wrong`` says
    where it lies too far, and is empty where it does not. ``how`` is what it does, in its own words; ``ranking``
    is of the candidates, where isamap measured them."""

    name: str
    version: str
    minimum_s: float
    median_s: float
    rounds: int
    calls_per_round: int
    max_error: float | None
    wrong: str = ""
    how: str = ""
    ranking: Ranking | None = None

    def __post_init__(self) -> None:
        if not 0 < self.minimum_s <= self.median_s:
            given = f"{self.minimum_s} and {self.median_s}"
            raise InvalidNoun([Fault((self.name,), "0 < minimum_s <= median_s", given)])

    @property
    def is_right(self) -> bool:
        return not self.wrong


@dataclass(frozen=True)
class Absent:
    """A library that took no part, and why; ``package`` is what to install, where that would help."""

    name: str
    reason: str
    package: str = ""


@dataclass(frozen=True)
class Contest:
    """One kernel's contest on ``cpu``: ``operations`` are its additions and multiplications, ``unit`` is GF/s, or GOP/s
    for integers."""

    kernel: str
    target: str
    cpu: str
    threads: int
    operations: int
    unit: str
    ours: Timed
    libraries: tuple[Timed, ...]
    absent: tuple[Absent, ...] = ()

    @property
    def best(self) -> Timed | None:
        """The quickest library whose result is right."""
        return min((each for each in self.libraries if each.is_right), key=lambda each: each.minimum_s, default=None)

    def speed(self, timed: Timed) -> float:
        """In ``unit``, of its quickest round."""
        return self.operations / timed.minimum_s / 1e9

    def ratio(self, other: Timed) -> float:
        """How many times as fast as ``other`` the kernel is: quickest rounds compared."""
        return other.minimum_s / self.ours.minimum_s
