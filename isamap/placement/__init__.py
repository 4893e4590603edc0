"""Lifetimes -> Placement: an address for every buffer."""

from isamap.placement.exact import place_exactly
from isamap.placement.first_fit import first_fit

__all__ = ["first_fit", "place_exactly"]
