"""Pieces of tensors: what a tile touches, and that a layout puts every element where its strides say."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.errors import Unsupported
from isamap.ir.affine import Affine
from isamap.ir.einsum import parse_statement
from isamap.ir.region import Layout, box, packed, spans
from isamap.ir.scalar import Access

AXES = ("x", "y", "z")


def read(text: str) -> Access:
    return parse_statement(f"O[x, y, z] = {text}", frozenset("OT")).over(dict.fromkeys(AXES, (9, 9))).reads[0]


@st.composite
def tiles(draw: st.DrawFn) -> tuple[Access, dict[str, int], dict[str, int]]:
    """A linear access over up to three axes, the sizes of a tile and where it starts."""
    coefficients = st.sampled_from([-2, -1, 0, 1, 2, 3])
    indices = [
        Affine.of([(axis, draw(coefficients)) for axis in AXES], draw(st.integers(-3, 3)))
        for _ in range(draw(st.integers(1, 3)))
    ]
    sizes = {axis: draw(st.integers(1, 4)) for axis in AXES}
    return Access("T", tuple(indices)), sizes, {axis: draw(st.integers(0, 9)) for axis in AXES}


def touched(access: Access, sizes: dict[str, int], start: dict[str, int]) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Offset within the tile -> coordinates of the element there."""
    found = {}
    for offsets in product(*(range(sizes[axis]) for axis in AXES)):
        point = {axis: start[axis] + offset for axis, offset in zip(AXES, offsets, strict=True)}
        found[offsets] = tuple(index.evaluate(point) for index in access.affine_indices)
    return found


def in_memory(layout: Layout, first: tuple[int, ...]) -> dict[int, tuple[int, ...]]:
    """Element of memory -> coordinates that a transfer of the piece puts there."""
    found: dict[int, tuple[int, ...]] = {}
    for steps in product(*(range(axis.extent) for axis in layout.block)):
        at = sum(step * axis.pitch for step, axis in zip(steps, layout.block, strict=True))
        assert at not in found, "two elements of a piece in one place"
        found[at] = tuple(
            c + sum(k * axis.step[n] for k, axis in zip(steps, layout.block, strict=True)) for n, c in enumerate(first)
        )
    return found


@given(tiles())
def test_a_box_holds_every_element_where_the_strides_say(tile: tuple[Access, dict[str, int], dict[str, int]]) -> None:
    access, sizes, start = tile
    layout = box(access, sizes)
    held = in_memory(layout, layout.first(access, start))
    for offsets, coordinates in touched(access, sizes, start).items():
        at = layout.offset + sum(o * layout.stride(axis) for axis, o in zip(AXES, offsets, strict=True))
        assert held[at] == coordinates
    assert layout.elements == max(held) + 1 == layout.points


@given(tiles(), st.permutations(AXES))
def test_a_packed_piece_has_one_place_per_point(
    tile: tuple[Access, dict[str, int], dict[str, int]], order: list[str]
) -> None:
    access, sizes, start = tile
    layout = packed(access, sizes, order)
    held = in_memory(layout, layout.first(access, start))
    assert len(held) == sizes["x"] * sizes["y"] * sizes["z"]
    for offsets, coordinates in touched(access, sizes, start).items():
        assert held[sum(o * layout.stride(axis) for axis, o in zip(AXES, offsets, strict=True))] == coordinates


@given(tiles(), st.lists(st.integers(1, 8), min_size=3, max_size=3))
def test_inside_counts_what_lies_within_the_tensor(
    tile: tuple[Access, dict[str, int], dict[str, int]], shape: list[int]
) -> None:
    access, sizes, start = tile
    extents = shape[: len(access.indices)]
    for layout in (box(access, sizes), packed(access, sizes, AXES)):
        first = layout.first(access, start)
        points = in_memory(layout, first).values()
        wanted = sum(all(0 <= c < extent for c, extent in zip(point, extents, strict=True)) for point in points)
        assert layout.inside(first, extents) == wanted


@given(tiles(), st.integers(1, 3))
def test_parts_make_up_the_piece(tile: tuple[Access, dict[str, int], dict[str, int]], dimensions: int) -> None:
    access, sizes, start = tile
    layout = box(access, sizes)
    whole = in_memory(layout, layout.first(access, start))
    found: dict[int, tuple[int, ...]] = {}
    for number in range(layout.parts(dimensions)):
        part, ahead = layout.part(number, dimensions)
        assert len(part.block) <= dimensions
        found |= {ahead + at: point for at, point in in_memory(part, part.first(access, start)).items()}
    assert found == whole


def test_a_stride_that_skips_elements_is_squeezed_out() -> None:
    """A 1x1 filter at stride 2 touches every other pixel: the box holds only those."""
    (span,) = spans(read("T[2*x + y]"), {"x": 4, "y": 1, "z": 1})
    assert (span.step, span.count) == (2, 4)


def test_a_window_keeps_its_halo_once() -> None:
    layout = box(read("T[x + y, z]"), {"x": 4, "y": 3, "z": 2})
    assert layout.points == (4 + 3 - 1) * 2
    assert (layout.stride("x"), layout.stride("y"), layout.stride("z")) == (2, 2, 1)


def test_a_flipped_index_begins_at_its_end() -> None:
    layout = box(read("T[7 - x]"), {"x": 3, "y": 1, "z": 1})
    assert layout.first(read("T[7 - x]"), {"x": 0, "y": 0, "z": 0}) == (5,)
    assert (layout.offset, layout.stride("x")) == (2, -1)


@pytest.mark.parametrize("text", ["T[x // 2]", "T[x % 3, y]"])
def test_divided_indices_are_refused_by_name(text: str) -> None:
    with pytest.raises(Unsupported, match="tiling: the index"):
        spans(read(text), {"x": 4, "y": 2, "z": 1})
