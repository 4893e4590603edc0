"""Rounds by turns, by a clock of the tests'."""

from __future__ import annotations

import pytest

from isamap.deploy.against import rounds
from isamap.deploy.against.rounds import ROUND_S, Dropped, calls_per_round, interleaved


class Clock:
    """Contestants that take so long for a call, and who ran when."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.ran = 0.0, list[tuple[str, int]]()
        monkeypatch.setattr(rounds, "perf_counter", lambda: self.now)

    def run(self, name: str, *call_s: float, falls_at: int | None = None) -> rounds.Run:
        """The calls of round n take ``call_s[n]``, those of later ones as long as the last."""
        left = list(call_s)

        def run(calls: int) -> float:
            if falls_at is not None and len([1 for other, _ in self.ran if other == name]) >= falls_at:
                raise Dropped("it fell")
            self.ran.append((name, calls))
            took = calls * (left.pop(0) if len(left) > 1 else left[0])
            self.now += took
            return took

        return run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.parametrize(("call_s", "calls"), [(1e-6, 10_000), (0.003, 4), (0.5, 1), (1e-12, 1_000_000)])
def test_a_round_is_ten_milliseconds(clock: Clock, call_s: float, calls: int) -> None:
    assert calls_per_round(clock.run("one", call_s)) == calls
    assert sum(each for _, each in clock.ran) * call_s < 1.1 * max(ROUND_S, 2 * call_s)


def test_everyone_has_its_turn_and_another_begins_each_time(clock: Clock) -> None:
    runs = {name: clock.run(name, 0.01) for name in "abc"}
    found = interleaved(runs, 0.4, lambda name, reason: pytest.fail(reason))
    turns = "".join(name for name, _ in clock.ran[6:])
    assert turns.startswith("abcbcacab")
    assert {len(each.seconds) for each in found.values()} == {12}
    assert clock.now == pytest.approx(0.42)


def test_the_quickest_round_and_the_one_in_the_middle(clock: Clock) -> None:
    slow = clock.run("a", 9.0, 0.5, 3.0, 1.0, 2.0)
    found = interleaved({"a": slow}, 0.0, lambda name, reason: pytest.fail(reason))
    assert (found["a"].calls, found["a"].seconds) == (1, [3.0, 1.0, 2.0])
    assert (found["a"].minimum_s, found["a"].median_s) == (1.0, 2.0)


@pytest.mark.parametrize("falls_at", [0, 4])
def test_who_falls_out_does_not_stop_the_others(clock: Clock, falls_at: int) -> None:
    heard = []
    runs = {"a": clock.run("a", 0.01, falls_at=falls_at), "b": clock.run("b", 0.01)}
    found = interleaved(runs, 0.1, lambda name, reason: heard.append((name, reason)))
    assert heard == [("a", "it fell")]
    assert list(found) == ["b"]
    assert len(found["b"].seconds) > 3
