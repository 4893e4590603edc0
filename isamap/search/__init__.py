"""Search over callables: knows candidates only by what scheduling them gives."""

from isamap.search.best_first import Best, best_first

__all__ = ["Best", "best_first"]
