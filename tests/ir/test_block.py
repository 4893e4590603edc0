"""Blocks of a piece against its elements one by one: each in one block, at its place in the tensor and in memory."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from isamap.ir.block import block, blocks, is_column, rows
from isamap.ir.einsum import Axis, parse_statement
from isamap.ir.expression import Number
from isamap.ir.hardware import StrideRule, Transfer
from isamap.ir.region import BlockAxis, Layout

Element = tuple[tuple[int, ...], int]


def transfer(
    dimensions: int, rule: StrideRule = "any", fixed: tuple[int, ...] | None = None, axes: str = ""
) -> Transfer:
    """``axes``: those of a meaning, if it has one."""
    meaning = None
    if axes:
        text = f"D[{','.join(axes)}] = S[{','.join(axes)}] * imm(n)"
        meaning = parse_statement(text, frozenset("DS")).over(dict.fromkeys(axes, (1, 99)))
    return Transfer("t", "dram", "spad", "dma", (), Number(1), Number(0), dimensions, fixed, rule, "any", None, meaning)


def elements(piece: Layout, ahead: int = 0) -> list[Element]:
    """(coordinates, place in memory) of every point of the block axes."""
    found = []
    for point in product(*(range(axis.extent) for axis in piece.block)):
        pairs = list(zip(point, piece.block, strict=True))
        at = tuple(low + sum(n * axis.step[d] for n, axis in pairs) for d, low in enumerate(piece.low))
        found.append((at, ahead + sum(n * axis.pitch for n, axis in pairs)))
    return found


def layout(rng: Random) -> Layout:
    """Up to four axes with gaps between rows, some of extent 1, steps in two coordinates."""
    axes, pitch = [], rng.choice([1, 1, 1, 3])
    for _ in range(rng.randint(0, 4)):
        extent = rng.choice([1, 1, 2, 3, 4])
        axes.append(BlockAxis(extent, (rng.randint(-2, 3), rng.randint(0, 3)), pitch))
        pitch *= extent + rng.choice([0, 0, 2])
    return Layout(tuple(reversed(axes)), (), (rng.randint(-2, 2), rng.randint(-2, 2)), rng.randint(0, 3))


@pytest.mark.parametrize("seed", range(300))
def test_every_element_goes_once(seed: int) -> None:
    rng = Random(seed)
    piece, dimensions = layout(rng), rng.randint(1, 4)
    one = transfer(
        dimensions, rng.choice(["any", "unit_innermost", "contiguous"]), axes="ijkl"[:dimensions] * rng.randint(0, 1)
    )
    carried: list[Element] = []
    for number in range(blocks(one, piece)):
        part, ahead = block(one, piece, number)
        assert len(part.block) <= dimensions
        assert len(part.block) == dimensions or one.meaning is None
        carried += elements(part, ahead)
        lines = {tuple(point[:-1]) for point in product(*(range(axis.extent) for axis in part.block))}
        assert rows(part) == len(lines)
        assert part.points == len(elements(part))
    assert sorted(carried) == sorted(elements(piece))


def test_a_column_goes_as_rows_of_one() -> None:
    """Four elements under each other: unit strides keep along a row only, so each is a row of its own."""
    column = Layout((BlockAxis(4, (1, 0), 16), BlockAxis(1, (0, 1), 1)), (), (0, 0))
    keeps, takes = transfer(2, "unit_innermost"), transfer(2)
    assert is_column(keeps, column)
    assert not is_column(takes, column)
    part, _ = block(keeps, column, 0)
    assert [axis.extent for axis in part.block] == [4, 1]
    assert (blocks(keeps, column), rows(part), part.block[-1].step) == (1, 4, (0, 0))
    part, _ = block(takes, column, 0)
    assert ([axis.extent for axis in part.block], rows(part)) == ([4], 1)


def test_a_column_takes_one_of_the_axes() -> None:
    """Two columns: with two axes to step over, the outer one is left, and goes in two blocks."""
    columns = Layout((BlockAxis(2, (0, 3), 64), BlockAxis(4, (1, 0), 16), BlockAxis(1, (0, 1), 1)), (), (0, 0))
    assert blocks(transfer(2, "unit_innermost"), columns) == 2
    assert blocks(transfer(3, "unit_innermost"), columns) == 1
    assert [block(transfer(2, "unit_innermost"), columns, n)[1] for n in (0, 1)] == [0, 64]


@pytest.mark.parametrize(
    "column",
    [
        Layout((BlockAxis(4, (1, 0), 1), BlockAxis(1, (0, 1), 1)), (), (0, 0)),  # no gaps: a row
        Layout((BlockAxis(4, (1, 0), 16), BlockAxis(2, (0, 1), 1)), (), (0, 0)),  # two elements per row
        Layout((BlockAxis(1, (1, 0), 16), BlockAxis(1, (0, 1), 1)), (), (0, 0)),  # one element
    ],
)
def test_what_is_no_column(column: Layout) -> None:
    assert not is_column(transfer(2, "unit_innermost"), column)


def test_a_column_needs_an_axis_to_spare() -> None:
    column = Layout((BlockAxis(4, (1, 0), 16), BlockAxis(1, (0, 1), 1)), (), (0, 0))
    assert not is_column(transfer(1, "unit_innermost"), column)
    assert not is_column(transfer(2, "unit_innermost", fixed=(4, 1)), column)


@pytest.mark.parametrize("axes", ["", "ij"])
@pytest.mark.parametrize(("fixed", "extents"), [((16, 1), (16, 1)), ((1, 16), (1, 16)), ((4, 2), (4, 2))])
def test_a_fixed_block_keeps_its_own_axes(fixed: tuple[int, ...], extents: tuple[int, ...], axes: str) -> None:
    """Also where the transfer computes on the way."""
    piece = Layout((BlockAxis(extents[0], (1, 0), extents[1]), BlockAxis(extents[1], (0, 1), 1)), (), (0, 0))
    part, _ = block(transfer(2, fixed=fixed, axes=axes), piece, 0)
    assert tuple(axis.extent for axis in part.block) == fixed
    assert rows(part) == fixed[0]


def test_a_meaning_has_all_its_axes() -> None:
    row = Layout((BlockAxis(1, (1, 0), 5), BlockAxis(5, (0, 1), 1)), (), (0, 0))
    part, _ = block(transfer(3, axes="ijk"), row, 0)
    assert [axis.extent for axis in part.block] == [1, 1, 5]
    assert Axis("i", 1, 99) in transfer(3, axes="ijk").meaning.axes  # type: ignore[union-attr]
