"""Lifetimes -> Placement: an address for every buffer.

``first_fit`` and ``greedy`` place buffers one by one; ``exact`` asks the solver for what they cannot prove: by
``sections``, ``turns`` and ``race`` on the formulation in ``rectangles``.
"""

from isamap.placement.exact import place_exactly
from isamap.placement.first_fit import first_fit
from isamap.placement.greedy import Greedy, every_greedy, room_bytes
from isamap.placement.refuse import refuse_nonsense

__all__ = ["Greedy", "every_greedy", "first_fit", "place_exactly", "refuse_nonsense", "room_bytes"]
