"""What takes longer than a second says so on stderr: the stage, the best value, the bound, the gap, the time."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

from isamap.cli.terminal import console

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

DELAY_S = 1.0


class Progress:
    """A context whose object is called with (stage, value, bound), from any thread.

    On a terminal it keeps one line up to date; elsewhere it prints a line per stage.
    """

    def __init__(self, delay_s: float = DELAY_S) -> None:
        self.delay_s = delay_s
        self.stage, self.value, self.bound = "", None, None  # type: str, float | None, float | None
        self._console = console(stderr=True)
        self._live: Live | None = None
        self._timer: threading.Timer | None = None
        self._printed = ""

    def __enter__(self) -> Progress:
        self._began = time.monotonic()
        if self._console.is_terminal:
            self._timer = threading.Timer(self.delay_s, self._show)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __call__(self, stage: str, value: float | None = None, bound: float | None = None) -> None:
        self.stage, self.value, self.bound = stage, value, bound
        late = time.monotonic() - self._began >= self.delay_s
        if not self._console.is_terminal and late and stage != self._printed:
            self._printed = stage
            self._console.print(self.line())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._live is not None:
            self._live.stop()

    def line(self) -> Text:
        """``tiling  best 1,603,120  bound 1,548,800  gap 3.4 %  12 s``."""
        from rich.text import Text

        parts = [self.stage or "working"]
        if self.value is not None:
            parts.append(f"best {self.value:,.0f}")
        if self.bound is not None:
            parts.append(f"bound {self.bound:,.0f}")
        if self.value and self.bound is not None:
            parts.append(f"gap {(self.value - self.bound) / self.value:.1%}")
        return Text("  ".join([*parts, f"{time.monotonic() - self._began:.0f} s"]))

    def _show(self) -> None:
        from rich.live import Live

        self._live = Live(get_renderable=self.line, console=self._console, refresh_per_second=4, transient=True)
        self._live.start()
