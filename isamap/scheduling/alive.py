"""How many pieces of an input have to stay for each to be fetched only once."""

from __future__ import annotations

from isamap.ir.answers import Tiling
from isamap.ir.binding import Binding, Role
from isamap.scheduling.visits import cut, same_elements, visits


def pieces_alive(binding: Binding, tiling: Tiling, role: Role) -> int:
    """The most pieces that are between their first and last use at once."""
    role_cut = cut(binding, role, tiling)
    pieces = [piece for block, tile in visits(binding, tiling) for piece in role_cut.pieces(block, tile)]
    keys = same_elements(role.access, list(binding.extents), pieces)
    first = {key: use for use, key in reversed(list(enumerate(keys)))}
    last = {key: use for use, key in enumerate(keys)}
    alive = most = 0
    for use, key in enumerate(keys):
        alive += first[key] == use
        most = max(most, alive)
        alive -= last[key] == use
    return most
