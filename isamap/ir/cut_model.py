"""The tasks of a cut as text, the same for whoever writes them down: a hash of it says what a solver was given.

One line per memory, queue, resource, tensor on chip, piece, output tile and computation; the order of lines plays no
part. All go by the number of their einsum; pieces by their label, the first element of the tensor in them and their
sizes; tiles and computations by their range per axis. Cycles of a task are ``interval/occupancy/latency``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from isamap.ir.hardware import Use

Ranges = Mapping[str, tuple[int, int]]
"""Half-open range per axis."""


def memory_line(name: str, capacity_bytes: int, banks: int) -> str:
    return f"memory {name} {capacity_bytes} B in {banks}"


def queue_line(name: str, servers: int) -> str:
    return f"queue {name} {servers}"


def resource_line(name: str, bytes_per_cycle: int) -> str:
    return f"resource {name} {bytes_per_cycle} B/cycle"


def task(queue: str, interval: int, occupancy: int, latency: int, uses: Iterable[Use]) -> str:
    """What a task holds: its queue, ports and buses."""
    shares = (use.resource if use.bytes_per_cycle is None else f"{use.resource}:{use.bytes_per_cycle}" for use in uses)
    return " ".join([f"{queue} {interval}/{occupancy}/{latency}", *sorted(shares)])


def stay(memory: str, size_bytes: int, alignment_bytes: int) -> str:
    """The bytes that something takes while it lies in a memory."""
    return f"{memory} {size_bytes} at {alignment_bytes}"


def tensor_line(name: str, where: str) -> str:
    """The bytes that a tensor takes that stays on chip."""
    return f"tensor {name} | {where}"


def piece(einsum: int, label: str, first: Sequence[int], sizes: Mapping[str, int]) -> str:
    """The name of an input's piece."""
    return f"{einsum} {label}[{','.join(map(str, first))}] {_by_axis(sizes)}"


def box(einsum: int, ranges: Ranges) -> str:
    """The name of a tile or a computation."""
    return f"{einsum} " + " ".join(f"{axis}={low}:{high}" for axis, (low, high) in ranges.items())


def piece_line(name: str, where: str, loads: Iterable[str], copies: int, tiles: Iterable[str]) -> str:
    """``copies``: how often it may be brought in; ``tiles``: what has to be stored before."""
    return f"piece {name} | {where} | {' + '.join(loads)} | {copies} times | after {' & '.join(sorted(tiles))}"


def tile_line(name: str, where: Sequence[str], ways: Sequence[Sequence[str]], tensor: str) -> str:
    """``where`` it lies, on its way in and out too; ``ways`` are the tasks that bring it in and out; ``tensor`` is that
    on chip which it is part of, if any."""
    return " | ".join([f"tile {name}", *where, *(" + ".join(tasks) for tasks in ways), f"in {tensor}"])


def computation_line(name: str, tile: str, pieces: Iterable[str], tiles: Iterable[str], first: str, more: str) -> str:
    """``tiles``: what it reads on chip; ``first``: as the first one of its tile, else ``more``."""
    read = f"{' & '.join(pieces)} | {' & '.join(sorted(tiles))}"
    return f"compute {name} | {tile} | {read} | {first} | {more}"


def order_line(computations: Iterable[str]) -> str:
    """The computations of a tile, where they keep their order."""
    return f"order {' < '.join(computations)}"


def model_hash(lines: Iterable[str]) -> str:
    """16 hexadecimal digits of the SHA-256 of the lines, sorted."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


def _by_axis(sizes: Mapping[str, int]) -> str:
    return " ".join(f"{axis}={size}" for axis, size in sizes.items())
