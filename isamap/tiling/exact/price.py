"""What many transfers, or many issues, cost together: in closed form, from a table, or from below.

Tiles of one axis come in two sizes, the whole one and what is left at the edge. A cost that is a sum of products of
extents adds up in closed form, since the sizes along an axis add up to its extent. Any other cost is added up size by
size, as long as there are few enough sizes. Where there are not, a transfer of ``v`` bytes counts as the line
``slope * v + fixed`` that is nowhere above its cost, so that a bound on the sum stays a bound.

Cycles are whole. Energy counts in thousandths of a pJ, each coefficient or table entry rounded down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product
from math import floor, lcm, prod

from isamap.errors import Unsupported
from isamap.ir.expression import Call, Expression, evaluate, names
from isamap.ir.hardware import cycles
from isamap.tiling.exact.monomials import monomials

ENERGY_UNITS = 1000
MOST_ROWS = 20_000
MOST_PIECES = 2_000


@dataclass(frozen=True)
class Line:
    """``slope * bytes + fixed`` per transfer; ``exact`` where that is the cost and not only below it."""

    slope: Fraction
    fixed: Fraction
    exact: bool

    def total(self, size_bytes: int, transfers: int, units: int = 1) -> int:
        """Cost of so many bytes in so many transfers, in ``units`` to the one, rounded down."""
        return floor((self.slope * size_bytes + self.fixed * transfers) * units)


@dataclass(frozen=True)
class Term:
    """A part of a sum over tiles: the entry of ``rows`` for the tile sizes of ``axes``, times the number of tiles
    along each of ``counted``."""

    axes: tuple[str, ...]
    rows: tuple[tuple[tuple[int, ...], int], ...]
    counted: tuple[str, ...]


def sizes_of(extent: int, tile: int) -> list[tuple[int, int]]:
    """(size, how many) of the tiles of an axis."""
    return [(tile, extent // tile), *([(extent % tile, 1)] if extent % tile else [])]


def summed(
    cost: Expression,
    axes: Mapping[str, tuple[str, ...]],
    extents: Mapping[str, int],
    others: Sequence[str],
    choices: Mapping[str, Sequence[tuple[int, ...]]],
    units: int = 1,
) -> list[Term]:
    """The sum of ``cost`` over all tiles of the kernel axes fused into ``axes`` (``others`` are walked too, but are in
    no cost), in ``units``; ``choices`` are the tile sizes that each of ``axes`` may be cut into.

    Raises Unsupported where the cost has to be added up size by size and there are too many sizes.
    """
    found = monomials(cost)  # a product with "initialise", which is 0, adds nothing
    if found is not None and units == 1 and any(c.denominator > 1 for c in found.values()):
        found = None  # each single cost is rounded up
    if found is not None:
        parts = {part: c for part, c in found.items() if part <= set(axes) and floor(c * units)}
        return [_closed(part, c, axes, extents, others, units) for part, c in parts.items()]
    involved = [a for a in axes if a in names(cost)]
    if prod(len(choices[a]) for a in involved) > MOST_ROWS:
        raise Unsupported("tiling", f"the exact sum of {cost} over so many sizes of {' '.join(involved)}")
    counted = (*(x for a in axes if a not in involved for x in axes[a]), *others)
    kernel_axes = tuple(x for a in involved for x in axes[a])
    rows, known = [], dict[tuple[int, ...], Fraction]()
    for choice in product(*(choices[a] for a in involved)):
        tiles = tuple(size for sizes in choice for size in sizes)
        total = _size_by_size(cost, involved, axes, dict(zip(kernel_axes, tiles, strict=True)), extents, units, known)
        rows.append((tiles, total))
    return [Term(kernel_axes, tuple(rows), counted)]


def _closed(
    part: frozenset[str],
    coefficient: Fraction,
    axes: Mapping[str, tuple[str, ...]],
    extents: Mapping[str, int],
    others: Sequence[str],
    units: int,
) -> Term:
    whole = prod(extents[x] for a in axes if a in part for x in axes[a])
    counted = (*(x for a in axes if a not in part for x in axes[a]), *others)
    return Term((), (((), floor(coefficient * units) * whole),), counted)


def _size_by_size(
    cost: Expression,
    involved: Sequence[str],
    axes: Mapping[str, tuple[str, ...]],
    tile: Mapping[str, int],
    extents: Mapping[str, int],
    units: int,
    known: dict[tuple[int, ...], Fraction],
) -> int:
    total = Fraction(0)
    histograms = [merged([sizes_of(extents[x], tile[x]) for x in axes[a]]) for a in involved]
    for combination in product(*(h.items() for h in histograms)):
        key = tuple(extent for extent, _ in combination)
        if key not in known:
            values = dict(zip(involved, key, strict=True)) | {"initialise": 0}
            known[key] = Fraction(cycles(cost, values) if units == 1 else evaluate(cost, values) * units)
        total += known[key] * prod(count for _, count in combination)
    return floor(total)


def merged(axes: Sequence[Sequence[tuple[int, int]]]) -> dict[int, int]:
    """extent -> how many tiles of fused axes have it."""
    found: dict[int, int] = {}
    for combination in product(*axes):
        extent = prod(size for size, _ in combination)
        found[extent] = found.get(extent, 0) + prod(count for _, count in combination)
    return found


@cache
def line(cost: Expression | None, unit_bytes: int, most_bytes: int, *, whole: bool) -> Line:
    """A line below ``cost`` for every multiple of ``unit_bytes`` up to ``most_bytes``; ``whole``: rounded up."""
    if cost is None:
        return Line(Fraction(0), Fraction(0), True)
    found = monomials(cost)
    if found is not None and not (whole and any(c.denominator > 1 for c in found.values())):
        none, some = Fraction(0), frozenset(("bytes",))
        return Line(found.get(some, none), found.get(frozenset(), none), True)

    def at(size: int) -> Fraction:
        values = {"bytes": size, "border_bytes": 0}
        return Fraction(cycles(cost, values) if whole else evaluate(cost, values))

    repeated = _repeated(cost, unit_bytes)
    if repeated is not None:
        slope, period = repeated
        return Line(slope, min(at(size) - slope * size for size in range(unit_bytes, period + 1, unit_bytes)), False)
    sizes = range(unit_bytes, max(most_bytes, unit_bytes) + 1, unit_bytes)
    far = unit_bytes << (len(sizes).bit_length() - 1)
    half = far // 2 if far > unit_bytes else far
    slope = (at(far) - at(half)) / (far - half) if far > half else Fraction(0)
    slope = max(Fraction(0), slope.limit_denominator(10_000))
    return Line(slope, min(at(size) - slope * size for size in sizes), False)


def _repeated(cost: Expression, unit_bytes: int) -> tuple[Fraction, int] | None:
    """(slope, period) where the cost is ``ceil`` of a line in bytes: a period more bytes cost slope * period more."""
    if not isinstance(cost, Call) or cost.function != "ceil":
        return None
    found, some = monomials(cost.arguments[0]), frozenset(("bytes",))
    if found is None or not found.keys() <= {some, frozenset()}:
        return None
    slope = found.get(some, Fraction(0))
    return (slope, lcm(unit_bytes, slope.denominator)) if slope >= 0 and slope.denominator <= 10_000 else None
