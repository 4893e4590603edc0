"""How hard a solver may try."""

from __future__ import annotations

from dataclasses import dataclass

from isamap.errors import Fault, InvalidNoun


@dataclass(frozen=True)
class Effort:
    """What a solver may spend. ``deterministic`` measures ``time_limit_s`` by the solver's own unit of work (so many
    units as usually take that long), on one worker, so that the same answer comes out on every run."""

    time_limit_s: float = 60.0
    workers: int = 2
    seed: int = 0
    deterministic: bool = False

    def __post_init__(self) -> None:
        faults = []
        if not self.time_limit_s >= 0:
            faults.append(Fault(("time_limit_s",), "at least 0 seconds", str(self.time_limit_s)))
        if self.workers < 1:
            faults.append(Fault(("workers",), "at least 1", str(self.workers)))
        if self.seed < 0:
            faults.append(Fault(("seed",), "at least 0", str(self.seed)))
        if faults:
            raise InvalidNoun(faults)
