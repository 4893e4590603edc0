"""How many pieces of an input have to stay for each to be fetched only once."""

from __future__ import annotations

from isamap.ir.answers import Tiling
from isamap.ir.binding import Binding, Role
from isamap.scheduling.visits import cut, same_elements, visits


def pieces_alive(binding: Binding, tiling: Tiling, role: Role) -> int:
    """The most pieces that are between their first and last visit at once."""
    role_cut = cut(binding, role, tiling)
    pieces = [role_cut.piece(block, tile) for block, tile in visits(binding, tiling)]
    keys = same_elements(role.access, list(binding.extents), pieces)
    first = {key: visit for visit, key in reversed(list(enumerate(keys)))}
    last = {key: visit for visit, key in enumerate(keys)}
    alive = most = 0
    for visit, key in enumerate(keys):
        alive += first[key] == visit
        most = max(most, alive)
        alive -= last[key] == visit
    return most
