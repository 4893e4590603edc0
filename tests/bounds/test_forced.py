"""Traffic forced by the size of memories: below every way to play, close to a good one."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.bounds import compulsory_bytes, forced_bytes
from isamap.bounds.forced import Volume, io_bytes, on_chip_bytes, volume
from isamap.bounds.product import points_inside, product_of
from isamap.compile import Options, compile_workload
from isamap.ir.workload import Workload
from isamap.spec import load_target, load_workload
from tests.answers import TWO_EINSUMS
from tests.machines import bundled

S16 = {"in": "s16", "acc": "s16"}


def cube(m: int, n: int, k: int) -> Volume:
    """A matrix product of elements of one byte."""
    return Volume(m * n * k, 1, (1, 1, 1), (m * k, k * n, m * n))


def fewest_moves(m: int, n: int, k: int, places: int) -> int:
    """By search (Dijkstra): loads and stores of a product with room for so many elements, sums never begun twice at
    once. A state: which elements are on chip, which products are done, which sums outside are up to date."""
    a, b, c = ([(x, i, j) for i in range(s) for j in range(t)] for x, s, t in (("A", m, k), ("B", k, n), ("C", m, n)))
    points = list(product(range(m), range(n), range(k)))
    number = {element: 1 << x for x, element in enumerate([*a, *b, *c])}
    sums = sum(number[one] for one in c)
    parts = [(number["A", i, x], number["B", x, j], number["C", i, j]) for i, j, x in points]
    mine = {
        number["C", i, j]: sum(1 << x for x, p in enumerate(points) if p[:2] == (i, j))
        for i, j in product(range(m), range(n))
    }
    start, best = (0, 0, 0), {(0, 0, 0): 0}
    heap = [(0, *start)]
    while heap:
        cost, inside, done, stored = heappop(heap)
        if cost > best[inside, done, stored]:
            continue
        if done == (1 << len(points)) - 1 and stored == sums:
            return cost
        after: list[tuple[int, int, int, int]] = []
        room = inside.bit_count() < places
        for element in number.values():
            if element & inside:
                kept = not element & sums or element & stored or not done & mine[element]
                after += [(0, inside & ~element, done, stored)] if kept else [(1, inside, done, stored | element)]
            elif room and (not element & sums or element & stored or not done & mine[element]):
                after.append((int(not element & sums or bool(done & mine[element])), inside | element, done, stored))
        for x, (one, two, three) in enumerate(parts):
            if not done >> x & 1 and inside & one and inside & two and inside & three:
                after.append((0, inside, done | 1 << x, stored & ~three))
        for step, *state in after:
            key = (state[0], state[1], state[2])
            if cost + step < best.get(key, 10**9):
                best[key] = cost + step
                heappush(heap, (cost + step, *key))
    raise AssertionError("no way")


@pytest.mark.parametrize(("sizes", "places"), [((2, 2, 2), 3), ((3, 2, 1), 3), ((2, 3, 1), 4), ((1, 3, 2), 3)])
def test_no_play_moves_less(sizes: tuple[int, int, int], places: int) -> None:
    assert io_bytes(cube(*sizes), places) <= fewest_moves(*sizes, places)


def test_with_room_for_all_it_is_the_compulsory_traffic() -> None:
    assert io_bytes(cube(2, 2, 1), 8) == fewest_moves(2, 2, 1, 8) == 8


def test_close_to_blocks_that_stay_while_the_factors_stream() -> None:
    """1280^3 with 64x64 sums on chip and one column and row of 64 at a time: 2*n^3/64 loads, n^2 stores."""
    n, block = 1280, 64
    moved = 2 * n**3 // block + n**2
    bound = io_bytes(cube(n, n, n), block**2 + 2 * block)
    assert 0.95 * moved < bound < moved


def test_the_leading_term_is_that_of_smith_lowery_langou_and_van_de_geijn() -> None:
    """2*m*n*k / sqrt(S), and in elements of two bytes twice that."""
    work, target = load_workload("p16/gdb2"), bundled("p16")
    words = on_chip_bytes(target) // 2
    assert forced_bytes(work, target) == pytest.approx(2 * 2 * 5124 * 700 * 2048 / words**0.5, rel=1e-3)


@given(st.integers(1, 5), st.integers(0, 4), st.data())
def test_any_set_of_points_obeys_the_inequality(stride: int, seed: int, data: st.DataObject) -> None:
    """v^2 <= phi * x * y * z for sets of points of a strided, padded convolution."""
    sizes: dict[str, object] = {"N": 1, "K": 2, "C": 2, "P": 3, "Q": 2, "R": 2, "S": 2, "STRIDE": stride, "PAD": 1}
    work = load_workload("conv2d", sizes)
    given_volume = volume(work, work.einsums[0], bundled("p16"))
    assert given_volume is not None
    assert given_volume.phi == 4
    extents = work.einsums[0].extents
    points = list(product(*map(range, extents.values())))
    chosen = data.draw(st.integers(1, len(points)))
    some = [dict(zip(extents, p, strict=True)) for p in Random(seed).sample(points, chosen)]
    accesses = (*work.einsums[0].reads, work.einsums[0].output)
    shape = work.tensor("I").shape
    inside = [
        p for p in some if all(0 <= i.evaluate(p) < s for i, s in zip(accesses[0].affine_indices, shape, strict=True))
    ]
    x, y, z = (len({tuple(i.evaluate(p) for i in access.affine_indices) for p in inside}) for access in accesses)
    assert len(inside) ** 2 <= 4 * x * y * z
    if chosen == len(points):
        assert len(inside) == given_volume.points


def test_points_beside_the_tensor_move_nothing() -> None:
    """3x3 windows of a 4x4 image with a border of one: 10 of 12 rows and columns of points are inside."""
    work = load_workload("p16/dw", {"C": 1, "P": 4, "Q": 4})
    given_product = product_of(work, work.einsums[0])
    assert given_product is not None
    assert points_inside(given_product) == 100


@given(st.lists(st.integers(1, 12), min_size=3, max_size=3), st.integers(1, 40))
def test_most_points_is_above_every_choice(most: list[int], size: int) -> None:
    one = Volume(1, 1, (1, 1, 2), (most[0], most[1], 2 * most[2]))
    for x, y, z in product(*(range(n + 1) for n in most)):
        if x + y + 2 * z <= size:
            assert (x * y * z) ** 0.5 <= one.most_points(size) * (1 + 1e-9)


def test_what_a_small_tensor_cannot_hold_goes_to_the_others() -> None:
    assert Volume(1, 1, (1, 1, 1), (2, 100, 100)).most_points(22) == pytest.approx((2 * 10 * 10) ** 0.5)


def test_windows_that_no_tensor_tells_apart() -> None:
    """r is told by W alone, s by none: at 3 * 2 positions each of the three may be shared, phi is 6^2."""
    text = """
name: windows
sizes: {P: 9, Q: 7, R: 3, S: 2}
tensors:
  X: {dtype: s16, shape: [P+R-1, Q+S-1]}
  W: {dtype: s16, shape: [R, Q]}
  O: {dtype: s16, shape: [P, Q]}
axes: {s: S}
einsums:
  - O[p,q] += X[p+r,q+s] * W[r,q]
"""
    work = load_workload(text)
    given_volume = volume(work, work.einsums[0], bundled("p16"))
    assert given_volume is not None
    assert given_volume.phi == 36


def without_claim(name: str) -> tuple[Workload, str]:
    return {
        "tensor between einsums": (load_workload(TWO_EINSUMS), "tiny"),
        "three factors": (load_workload("mttkrp", {"I": 64, "J": 64, "K": 64, "R": 64}), "p16"),
        "no transfer": (load_workload("gemm", {"M": 512, "N": 512, "K": 512}), "x86_amx"),
    }[name]


@pytest.mark.parametrize("name", ["tensor between einsums", "three factors", "no transfer"])
def test_no_claim(name: str) -> None:
    work, target = without_claim(name)
    moved = forced_bytes(work, bundled(target))
    assert moved == (0 if name == "no transfer" else sum(compulsory_bytes(work)))


def test_no_program_moves_less() -> None:
    work = load_workload("gemm", {"M": 64, "N": 64, "K": 64} | S16)
    target = load_target("p16", {"spad_kib": 1})
    answer = compile_workload(work, target, Options("heuristic", "traffic", deterministic=True, time_limit_s=1))
    assert answer.violations == ()
    bound = forced_bytes(work, target)
    assert sum(compulsory_bytes(work)) < bound == answer.solved.bound
    assert bound <= sum(answer.simulation.traffic_bytes.values()) < 2 * bound
