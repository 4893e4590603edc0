"""Search over callables: knows candidates only by what scheduling them gives."""

from isamap.search.best_first import Best, best_first
from isamap.search.branch_and_bound import Searched, Tried, at_once, branch_and_bound

__all__ = ["Best", "Searched", "Tried", "at_once", "best_first", "branch_and_bound"]
