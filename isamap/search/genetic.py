"""A genetic search: a population of candidates, of which the fitter have children that inherit keys of both.

The algorithm is PyGAD's (A. F. Gad, "PyGAD: an intuitive genetic algorithm Python library", Multimedia Tools and
Applications 83, 2024): tournament selection, uniform crossover, keys drawn anew as mutation, the best kept as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib.util import find_spec
from math import inf
from typing import Any

from isamap.errors import Unsupported
from isamap.search.keys import LARGEST_KEY, Cost, Reached, Spent

POPULATION = 24
_PARENTS = 10
_TOURNAMENT = 3
_KEPT = 2
_MUTATED_KEYS = 2.0  # of a child, on average
_ENDLESS = 1_000_000  # generations; the budget ends the search
_UNFIT = -1e300  # what cannot be done; the library refuses infinities


def has_genetic() -> bool:
    """Is the library there?"""
    return find_spec("pygad") is not None


def genetic(count: int, cost: Cost, spent: Spent, seed: int = 0) -> Reached:
    """The best vector of ``count`` keys met before the budget was spent. Ctrl-C keeps the best. Raises Unsupported
    where PyGAD is not installed."""
    if not has_genetic():
        raise Unsupported("genetic", "this installation, which has no PyGAD", "pip install 'isamap[search]'")
    import pygad

    best = Reached()

    def fitness(_: Any, solution: Iterable[float], __: Any) -> float:
        nonlocal best
        if spent() >= 1:
            return _UNFIT
        keys = tuple(min(LARGEST_KEY, max(0.0, float(key))) for key in solution)
        value = cost(keys)
        if value < best.cost:
            best = Reached(keys, value)
        return _UNFIT if value == inf else -value

    evolution = pygad.GA(
        num_generations=_ENDLESS,
        sol_per_pop=POPULATION,
        num_parents_mating=_PARENTS,
        num_genes=count,
        gene_space={"low": 0.0, "high": 1.0},
        fitness_func=fitness,
        parent_selection_type="tournament",
        K_tournament=_TOURNAMENT,
        keep_elitism=_KEPT,
        crossover_type="uniform",
        mutation_type="random",
        mutation_probability=min(1.0, _MUTATED_KEYS / count),
        on_generation=lambda _: "stop" if spent() >= 1 else None,
        random_seed=seed,
        suppress_warnings=True,
    )
    try:
        evolution.run()
    except KeyboardInterrupt:
        best = replace(best, interrupted=True)
    return best
