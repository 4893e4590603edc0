"""Simulated annealing: one candidate that moves to a neighbour, also to a worse one, the less so the colder it is.

    accept a worse neighbour with probability  exp(-(new - old) / (old * temperature))
    temperature(share of the budget spent) = HOT * (COLD / HOT) ** share

A neighbour has one or two keys changed: by a little, or drawn anew. The temperature is relative to the cost, so that
kernels of ten cycles and of ten million cool alike. (S. Kirkpatrick, C. D. Gelatt and M. P. Vecchi, "Optimization by
simulated annealing", Science 220, 1983.)
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf
from random import Random

from isamap.search.keys import LARGEST_KEY, Cost, Keys, Reached, Spent

HOT, COLD = 0.2, 0.001
_STEP = 0.15  # standard deviation of a small change
_ANEW = 0.4  # the share of changes that draw a key anew
_SECOND = 0.3  # the share of moves that change two keys


def annealing(count: int, cost: Cost, spent: Spent, seed: int = 0) -> Reached:
    """The best vector of ``count`` keys met before the budget was spent. Ctrl-C keeps the best."""
    chance = Random(seed)
    best = Reached()
    keys: Keys = ()
    value = inf
    try:
        while (share := spent()) < 1:
            other = _neighbour(keys, chance) if keys else tuple(chance.random() for _ in range(count))
            found = cost(other)
            if found < best.cost:
                best = Reached(other, found)
            if found < inf and _accepts(value, found, HOT * (COLD / HOT) ** share, chance):
                keys, value = other, found
    except KeyboardInterrupt:
        best = replace(best, interrupted=True)
    return best


def _accepts(old: float, new: float, temperature: float, chance: Random) -> bool:
    return new <= old or chance.random() < exp((old - new) / (abs(old) * temperature or 1.0))


def _neighbour(keys: Keys, chance: Random) -> Keys:
    changed = list(keys)
    for _ in range(2 if chance.random() < _SECOND else 1):
        n = chance.randrange(len(changed))
        if chance.random() < _ANEW:
            changed[n] = chance.random()
        else:
            changed[n] = min(LARGEST_KEY, max(0.0, changed[n] + chance.gauss(0.0, _STEP)))
    return tuple(changed)
