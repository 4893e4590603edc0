"""More slots where transfers take long to arrive: a piece that is on its way holds its slot, too.

The model of a nest counts what queues and resources are busy with. While a transfer's ``latency_cycles`` pass they are
free, but the slot is not: without ``latency / cycles per transfer`` more slots the next transfer has nowhere to go.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, prod

from isamap.ir.binding import Binding, Role
from isamap.ir.hardware import Transfer, cycles
from isamap.tiling.carrying import carried, carry_cycles
from isamap.tiling.estimate import Estimate
from isamap.tiling.nest import Nest, piece

_MOST = 64


def slots_ahead(binding: Binding, nest: Nest, found: Estimate) -> dict[str, int]:
    """How many slots more each operand can do with, as far as there is room beside those that ``found`` assumes."""
    tile, output, slots = dict(nest.tile), binding.output, dict(found.slots)
    room = binding.room()
    room[output.route.memory.name] -= slots[output.operand.name] * output.slot_bytes(tile)
    if output.route.staging is not None:
        room[output.route.staging.name] -= found.staging_slots * output.staged_slot_bytes(tile)
    wanted: list[tuple[Role, dict[str, int], int]] = []
    for role in binding.fetched:
        sizes = piece(role, nest)
        room[role.route.memory.name] -= slots[role.operand.name] * role.slot_bytes(sizes)
        wanted.append((role, sizes, _in_flight(role.route.fetch, role, sizes)))
    if output.route.drain is None and output.home is None:
        wanted.append((output, tile, _in_flight(output.route.store, output, tile)))
    more: dict[str, int] = {}
    for role, sizes, count in wanted:
        memory, size = role.route.memory.name, role.slot_bytes(sizes)
        pieces = prod(ceil(extent / sizes[x]) for x, extent in binding.extents.items() if x in role.access.axes)
        fitting = min(count, pieces - slots[role.operand.name], room[memory] // max(1, size))
        more[role.operand.name] = max(0, fitting)
        room[memory] -= more[role.operand.name] * size
    return more


def _in_flight(transfer: Transfer | None, role: Role, sizes: Mapping[str, int]) -> int:
    """Pieces that are on their way while the channel goes on with others."""
    if transfer is None:
        return 0
    size_bytes, rows, _ = carried(transfer, role, sizes)
    latency = cycles(transfer.latency_cycles, {"bytes": size_bytes, "border_bytes": 0, "rows": rows})
    return min(_MOST, ceil(latency / max(1, carry_cycles(transfer, role, sizes))))
