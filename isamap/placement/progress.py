"""How the heights of several memories and their bounds come closer, as one value and one bound."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from isamap.cpsat import Tell
from isamap.ir.answers import Moment


@dataclass
class Progress:
    """Told of each memory, tells of their sum; with ``clock`` off no time is recorded."""

    tell: Tell | None
    clock: bool
    began: float = field(default_factory=time.monotonic)
    values: dict[str, float | None] = field(default_factory=dict)
    bounds: dict[str, float] = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began if self.clock else 0.0

    @property
    def value(self) -> float | None:
        """The sum of all heights; none while one is not known."""
        known = [value for value in self.values.values() if value is not None]
        return float(sum(known)) if len(known) == len(self.values) else None

    @property
    def bound(self) -> float:
        return float(sum(self.bounds.values()))

    def begin(self, memory: str, value: float | None, bound: float) -> None:
        self.values[memory], self.bounds[memory] = value, bound

    def add(self, memory: str, value: float | None, bound: float | None) -> None:
        """What is known of ``memory`` now; what was known before is never taken back."""
        known = [v for v in (self.values[memory], value) if v is not None]
        self.values[memory] = min(known, default=None)
        self.bounds[memory] = max(self.bounds[memory], bound or 0.0)
        self.note()

    def note(self) -> None:
        """Record and tell the sums if they are news."""
        if not self.moments or (self.value, self.bound) != (self.moments[-1].value, self.moments[-1].bound):
            self.moments.append(Moment(self.seconds, self.value, self.bound))
            if self.tell is not None:
                self.tell(self.value, self.bound)
