"""Random search: candidates drawn independently, the best one kept. What every other method should beat."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from isamap.search.keys import Cost, Reached, Spent


def random_search(count: int, cost: Cost, spent: Spent, seed: int = 0) -> Reached:
    """The best of the vectors of ``count`` keys that were drawn, each key uniformly, before the budget was spent.
    Ctrl-C keeps the best."""
    draw = Random(seed).random
    best = Reached()
    try:
        while spent() < 1:
            keys = tuple(draw() for _ in range(count))
            value = cost(keys)
            if value < best.cost:
                best = Reached(keys, value)
    except KeyboardInterrupt:
        best = replace(best, interrupted=True)
    return best
