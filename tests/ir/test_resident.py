"""Where the elements of a tensor lie that stays on chip, against a list of all of them."""

from __future__ import annotations

from itertools import product

import pytest

from isamap.errors import Unsupported
from isamap.ir.answers import Home
from isamap.ir.dtype import dtype
from isamap.ir.hardware import Memory
from isamap.ir.resident import Resident, home_bytes, resident
from isamap.ir.workload import Tensor, Workload
from isamap.spec import load_workload

MEMORY = Memory("local", 1 << 20, alignment_bytes=4)
SHAPE = (3, 8, 6)
HOMES = [
    Home("local"),
    Home("local", (1, 4, 2)),
    Home("local", (), 2, 2, 1),
    Home("local", (1, 4, 2), 1, 4, 1),
    Home("local", (1, 4, 2), 1, 4, 2),
    Home("local", (1, 4, 2), 2, 2, 2),
    Home("local", (1, 4, 4), 0, 2, 1),  # blocks that stand out at the edges
]


def kernel(statement: str) -> Workload:
    text = "name: k\nsizes: {C: 3, P: 8, Q: 6, U: 2, L: 4}\ntensors:\n"
    text += "  T: {dtype: s16, shape: [C, P, Q]}\n  X: {dtype: s16, shape: [C, U, L, Q]}\n"
    return load_workload(text + f"einsums: ['{statement}']\n")


def points(extents: dict[str, int]) -> list[dict[str, int]]:
    return [dict(zip(extents, point, strict=True)) for point in product(*map(range, extents.values()))]


def found(home: Home) -> tuple[Resident, dict[str, int], Tensor]:
    """T = X, written in blocks of 4 rows."""
    work = kernel("T[c,4*u+l,q] = X[c,u,l,q]")
    einsum, tensor = work.einsums[0], work.tensor("T")
    return resident(MEMORY, home, tensor, einsum.output, einsum), einsum.extents, tensor


@pytest.mark.parametrize("home", HOMES)
def test_no_two_elements_that_are_there_at_once_share_a_place(home: Home) -> None:
    """Those of ``turns`` strips in a row lie apart; the strip after them takes the place of the first."""
    one, extents, tensor = found(home)
    by_strip: dict[int, set[int]] = {}
    for point in points(extents):
        coordinate = (point["c"], 4 * point["u"] + point["l"], point["q"])
        strip = coordinate[home.dimension] // home.rows if home.rows else 0
        assert one.strip_of(point) == strip if one.strip else strip == 0
        place = one.element(point)
        assert 0 <= 2 * place < home_bytes(tensor, home, MEMORY)
        assert place not in by_strip.setdefault(strip, set())
        by_strip[strip].add(place)
    for strip, places in by_strip.items():
        for other in range(strip + 1, strip + home.turns):
            assert not places & by_strip.get(other, set())
        assert by_strip.get(strip + home.turns, places) <= places


@pytest.mark.parametrize("home", HOMES)
def test_strides_hold_within_tiles_that_do_not_cross(home: Home) -> None:
    one, extents, _ = found(home)
    crossing = 0
    for sizes in points({axis: min(extent, 4) for axis, extent in extents.items()}):
        sizes = {axis: size + 1 for axis, size in sizes.items()}
        if one.crosses(sizes, extents):
            crossing += 1
            continue
        for start in (p for p in points(extents) if all(p[x] % sizes[x] == 0 for x in p)):
            for step in points(sizes):
                at = {axis: start[axis] + step[axis] for axis in start}
                if all(at[axis] < extents[axis] for axis in at) and (not one.strip or _in_one_strip(one, start, at)):
                    inside = sum(one.stride(axis) * step[axis] for axis in step)
                    assert one.element(at) == one.element(start) + inside
    assert crossing or home.blocks in ((), (1, 4, 4))


def _in_one_strip(one: Resident, start: dict[str, int], at: dict[str, int]) -> bool:
    """Tiles begin anew with every strip: what would lie in the next one is cut off."""
    return one.strip_of(start) == one.strip_of(at)


def test_rules_of_strides() -> None:
    """In blocks of 4 x 2, l steps by 2 and q by 1 within a block, u by a row of blocks."""
    one, _, _ = found(Home("local", (1, 4, 2), 1, 4, 1))
    sizes = {"c": 2, "u": 1, "l": 4, "q": 2}
    assert [one.stride(axis) for axis in "culq"] == [24, 72, 2, 1]
    assert one.obeys("per_kernel_axis", [["c", "q"]], sizes)
    assert one.obeys("one_per_axis", [["c"], ["l", "q"]], sizes)
    assert not one.obeys("one_per_axis", [["c", "l"], ["q"]], sizes)
    assert one.obeys("unit_innermost", [["c"], ["q"]], sizes)
    assert not one.obeys("unit_innermost", [["q"], ["c"]], sizes)
    assert one.obeys("contiguous", [["l"], ["q"]], sizes)
    assert not one.obeys("contiguous", [["c"], ["l", "q"]], sizes)
    assert one.obeys("contiguous", [["c"], ["l", "q"]], sizes | {"c": 1})


@pytest.mark.parametrize(
    ("statement", "home"),
    [
        ("T[c,4*u+l,q] = X[c,u,l,q]", Home("local", (), 1, 6, 1)),  # no whole blocks of 4
        ("T[c,u+2*l,q] = X[c,u,l,q]", Home("local", (), 1, 1, 1)),  # half a step of l
        ("T[c,7-4*u-l,q] = X[c,u,l,q]", Home("local", (), 1, 4, 1)),  # backwards
    ],
)
def test_strips_that_an_einsum_cannot_go_along_are_refused(statement: str, home: Home) -> None:
    work = kernel(statement)
    with pytest.raises(Unsupported, match="it goes across"):
        resident(MEMORY, home, work.tensor("T"), work.einsums[0].output, work.einsums[0])


def test_windows_read_beyond_their_strip() -> None:
    """Rows 4 and 5 belong to the strip after that of rows 0 to 3: what reads six rows cannot go strip by strip."""
    text = "name: k\nsizes: {C: 3, P: 8, Q: 6, R: 3}\ntensors:\n  T: {dtype: s16, shape: [C, P, Q]}\n"
    text += "  X: {dtype: s16, shape: [C, P-R+1, Q]}\n  W: {dtype: s16, shape: [R]}\n"
    work = load_workload(text + "einsums: ['X[c,p,q] += T[c,p+r,q] * W[r]']\n")
    einsum = work.einsums[0]
    with pytest.raises(Unsupported, match="it goes across"):
        resident(MEMORY, Home("local", (), 1, 4, 1), work.tensor("T"), einsum.reads[0], einsum)
    whole = resident(MEMORY, Home("local"), work.tensor("T"), einsum.reads[0], einsum)
    assert whole.element({"c": 1, "p": 2, "r": 2, "q": 3}) == 1 * 48 + 4 * 6 + 3


def test_elements_that_share_bytes_do_not_pass_in_strips() -> None:
    work = kernel("T[c,4*u+l,q] = X[c,u,l,q]")
    tensor = Tensor("T", dtype("s4"), SHAPE)
    with pytest.raises(Unsupported, match="s4 elements share bytes"):
        resident(MEMORY, HOMES[2], tensor, work.einsums[0].output, work.einsums[0])
