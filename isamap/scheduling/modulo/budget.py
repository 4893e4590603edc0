"""What is left of an effort over several searches: seconds, or the solver's own unit of work where answers repeat."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from isamap.cpsat import Outcome
from isamap.ir.effort import Effort


@dataclass
class Budget:
    """``worked`` counts the solver's own time in seconds' worth; ``interrupted``: Ctrl-C came, nothing is left."""

    effort: Effort
    began: float = field(default_factory=time.monotonic)
    worked: float = 0.0
    interrupted: bool = False

    def left(self) -> float:
        """Seconds, or seconds' worth of the solver's own time."""
        spent = self.worked if self.effort.deterministic else time.monotonic() - self.began
        return 0.0 if self.interrupted else self.effort.time_limit_s - spent

    def rest(self) -> Effort:
        """The effort that the next search may make."""
        return replace(self.effort, time_limit_s=max(0.0, self.left()))

    def spend(self, worked: float, outcome: Outcome) -> None:
        self.worked += worked
        self.interrupted |= outcome.interrupted

    def seconds(self) -> float:
        """Wall time so far; 0 where the answer must repeat."""
        return 0.0 if self.effort.deterministic else time.monotonic() - self.began
