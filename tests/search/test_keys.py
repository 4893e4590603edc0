"""Searches over random keys: they keep the best, spend what they may, repeat with a seed, learn from what they saw."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from math import inf

import pytest

from isamap.errors import Unsupported
from isamap.search import Keys, Reached, annealing, genetic, pick, random_search

BUDGET = 1200
SEARCHES = (random_search, annealing, genetic)
Search = Callable[..., Reached]


class Bowl:
    """A cost whose least is 1, where every key is 0.3; infinite where the first key is above ``edge``."""

    def __init__(self, edge: float = 1.0, most: int = BUDGET, stop_at: int | None = None) -> None:
        self.edge, self.most, self.stop_at = edge, most, stop_at
        self.seen: list[tuple[Keys, float]] = []

    def cost(self, keys: Keys) -> float:
        if self.stop_at == len(self.seen):
            raise KeyboardInterrupt
        value = inf if keys[0] > self.edge else 1 + sum((key - 0.3) ** 2 for key in keys)
        self.seen.append((keys, value))
        return value

    def spent(self) -> float:
        return len(self.seen) / self.most


@pytest.mark.parametrize("search", SEARCHES)
def test_the_best_is_kept_and_the_budget_is_the_end(search: Search) -> None:
    bowl = Bowl()
    reached = search(6, bowl.cost, bowl.spent, 1)
    assert len(bowl.seen) == BUDGET
    assert reached.cost == min(value for _, value in bowl.seen) == dict(bowl.seen)[reached.keys]
    assert all(len(keys) == 6 and all(0 <= key < 1 for key in keys) for keys, _ in bowl.seen)
    assert not reached.interrupted


@pytest.mark.parametrize("search", SEARCHES)
def test_a_seed_repeats_a_run_and_another_one_does_not(search: Search) -> None:
    runs = []
    for seed in (4, 4, 5):
        bowl = Bowl(most=200)
        search(5, bowl.cost, bowl.spent, seed)
        runs.append(bowl.seen)
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@pytest.mark.parametrize("search", SEARCHES)
def test_ctrl_c_keeps_the_best(search: Search) -> None:
    bowl = Bowl(stop_at=70)
    reached = search(5, bowl.cost, bowl.spent, 2)
    assert reached.interrupted
    assert reached.cost == min(value for _, value in bowl.seen) < inf


@pytest.mark.parametrize("search", SEARCHES)
def test_what_is_no_candidate_is_never_the_best(search: Search) -> None:
    bowl = Bowl(edge=0.2)
    reached = search(4, bowl.cost, bowl.spent, 3)
    assert reached.keys[0] <= 0.2
    nothing = Bowl(edge=-1.0, most=100)
    assert search(4, nothing.cost, nothing.spent, 3) == Reached()


def test_annealing_and_genetic_come_closer_than_chance() -> None:
    """Of twelve keys a thousand draws hit none well; both searches end within a tenth of chance's distance."""
    ends = {}
    for search in SEARCHES:
        values = []
        for seed in range(3):
            bowl = Bowl()
            values.append(search(12, bowl.cost, bowl.spent, seed).cost - 1)
        ends[search.__name__] = sorted(values)[1]
    assert ends["annealing"] < ends["random_search"] / 5
    assert ends["genetic"] < ends["random_search"] / 3


def test_annealing_is_hot_first_and_cold_at_last() -> None:
    """Early on the candidates tried are far worse than late, when only better ones are moved to."""
    bowl = Bowl(most=4000)
    annealing(12, bowl.cost, bowl.spent, 0)
    costs = [value for _, value in bowl.seen]
    early, late = sum(costs[500:1500]) / 1000, sum(costs[3000:]) / 1000
    assert early > late + 0.2


def test_without_the_library_the_genetic_search_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    module = sys.modules["isamap.search.genetic"]
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "pygad" else found(name))
    with pytest.raises(Unsupported, match=r"no PyGAD.*isamap\[search\]"):
        genetic(3, lambda keys: 1.0, lambda: 0.0)


def test_a_key_picks_one_of_its_choices() -> None:
    assert [pick(key, 4) for key in (0.0, 0.24, 0.25, 0.5, 0.99)] == [0, 0, 1, 2, 3]
    assert pick(1.0, 4) == 3
