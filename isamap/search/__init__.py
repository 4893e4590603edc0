"""Search over callables: knows candidates only by what scheduling them gives.

``best_first`` and ``branch_and_bound`` take candidates in an order; ``random_search``, ``annealing`` and ``genetic``
make them, as vectors of ``keys``.
"""

from isamap.search.annealing import annealing
from isamap.search.best_first import Best, best_first
from isamap.search.branch_and_bound import Ask, Searched, Tried, at_once, branch_and_bound
from isamap.search.genetic import genetic, has_genetic
from isamap.search.keys import Keys, Reached, pick
from isamap.search.random_search import random_search

__all__ = [
    "Ask",
    "Best",
    "Keys",
    "Reached",
    "Searched",
    "Tried",
    "annealing",
    "at_once",
    "best_first",
    "branch_and_bound",
    "genetic",
    "has_genetic",
    "pick",
    "random_search",
]
