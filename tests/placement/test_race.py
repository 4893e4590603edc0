"""Searches side by side: the first that settles its question ends the others, Ctrl-C all of them."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from isamap.ir.answers import Lifetime
from isamap.ir.effort import Effort
from isamap.ir.hardware import Memory
from isamap.placement import race as racing
from isamap.placement.race import Ask, race
from isamap.placement.scaled import scaled
from tests.placement.test_place_exactly import CRISS, many

EASY = scaled(CRISS, Memory("far", 64))
HARD = scaled(
    [replace(life, alignment_bytes=(1, 4, 16)[n % 3]) for n, life in enumerate(many(120))], Memory("far", 9000)
)
PATIENCE_S = 60.0  # nobody waits so long: a race that is over ends at once


def test_the_first_to_settle_ends_the_others() -> None:
    began = time.monotonic()
    hard, easy = race([Ask(HARD, "area"), Ask(EASY, "crowded")], Effort(PATIENCE_S, workers=2))
    assert time.monotonic() - began < PATIENCE_S / 2
    assert (easy.outcome.status, easy.outcome.value, easy.settled) == ("optimal", 7, True)
    assert (hard.settled, hard.outcome.interrupted) == (False, False)


def test_all_of_them_have_their_time() -> None:
    answers = race([Ask(HARD, "area"), Ask(HARD, "crowded")], Effort(0.3, workers=2))
    assert [answer.settled for answer in answers] == [False, False]


def test_ctrl_c_ends_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting(threading.Event):
        """Ctrl-C comes while somebody waits for news for the second time."""

        waits = 0

        def wait(self, timeout: float | None = None) -> bool:
            if threading.current_thread() is threading.main_thread():
                self.waits += 1
                if self.waits == 2:
                    raise KeyboardInterrupt
            return super().wait(timeout)

    monkeypatch.setattr(racing, "Event", Interrupting)
    began = time.monotonic()
    answers = race([Ask(HARD, "area"), Ask(HARD, "crowded")], Effort(PATIENCE_S, workers=2))
    assert time.monotonic() - began < PATIENCE_S / 2
    assert all(answer.outcome.interrupted for answer in answers)


def test_a_defect_in_one_of_them_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    formulate = racing.formulate

    def broken(problem: Any, order: Any, without: Any) -> Any:
        if order == "area":
            raise ZeroDivisionError
        return formulate(problem, order, without)

    monkeypatch.setattr(racing, "formulate", broken)
    with pytest.raises(ZeroDivisionError):
        race([Ask(HARD, "area"), Ask(HARD, "crowded")], Effort(PATIENCE_S, workers=2))


def test_news_are_told_from_every_search() -> None:
    told: dict[str, list[float | None]] = {"area": [], "crowded": []}
    asks = [Ask(EASY, order, tell=lambda value, bound, order=order: told[order].append(value)) for order in told]  # type: ignore[misc, arg-type]
    race(asks, Effort(PATIENCE_S, workers=2))
    assert 7 in told["area"] + told["crowded"]


def test_one_alone_is_the_same() -> None:
    (answer,) = race([Ask(scaled([Lifetime("a", "near", 0, 1, 5)], Memory("near", 8)))], Effort(1, deterministic=True))
    assert (answer.address, answer.outcome.value) == ({"a": 0}, 5)
