"""The model of a kernel's cycles: what must grow grows, and what is known of a core decides."""

from __future__ import annotations

import pytest

from isamap.host import load_target
from isamap.tiling.cached import core_of, shares
from isamap.tiling.cached.cost import Cycles, cycles
from isamap.tiling.cached.options import Choice, Options, options
from isamap.tiling.cached.pipes import pipes
from isamap.tiling.cached.roles import roles
from isamap.tiling.cached.streams import fits, home, line_cycles, places, walk_cycles
from isamap.tiling.cached.tiles import Tile
from tests.cores import CORE
from tests.tiling.cached.contractions import gemm

L1 = CORE.caches[0]


def way(m: int, n: int, k: int, how: str = "NN") -> Options:
    return options(roles(gemm(m, n, k, how))[0], CORE)


def choice(tile: Tile, depth: int, width: int, height: int, *, packed: bool = False, ahead: int = 0) -> Choice:
    return Choice(tile, depth, width, height, packed, packed, rows_inside=True, ahead=ahead)


def test_pipes_need_at_least_what_their_rate_allows() -> None:
    """Two vectors of eight products per cycle."""
    assert pipes(way(96, 96, 200), CORE, Tile(6, 2), 200) >= 96 * 96 * 200 / 16
    assert pipes(way(96, 96, 200), CORE, Tile(6, 2), 200) < 1.2 * 96 * 96 * 200 / 16


def test_a_tile_with_few_sums_waits_for_its_latency() -> None:
    """One sum takes a product every four cycles."""
    assert pipes(way(1, 8, 1000), CORE, Tile(1, 1), 1000) >= 4000


def test_a_cut_depth_loads_and_stores_sums_again() -> None:
    assert pipes(way(96, 96, 200), CORE, Tile(6, 2), 50) > pipes(way(96, 96, 200), CORE, Tile(6, 2), 200)


def test_edges_cost_what_their_own_tiles_cost() -> None:
    """97 rows are sixteen tiles of 6 and one of 1."""
    whole = pipes(way(96, 96, 200), CORE, Tile(6, 2), 200)
    assert pipes(way(97, 96, 200), CORE, Tile(6, 2), 200) > whole


def test_rows_a_multiple_of_the_sets_apart_fit_only_as_ways() -> None:
    assert places(L1, 4096) == 1
    assert places(L1, 4160) == 64
    assert fits(L1, 8 * 64, 8, 64, 4096)
    assert not fits(L1, 9 * 64, 9, 64, 4096)
    assert fits(L1, 9 * 64, 9, 64, 4160)
    assert not fits(L1, L1.capacity_bytes)


def test_a_tensor_lives_in_the_first_cache_that_holds_it() -> None:
    assert [home(CORE, size) for size in (1 << 10, 1 << 18, 1 << 22, 1 << 30)] == [0, 1, 2, 3]


def test_few_lines_on_their_way_wait_for_latency() -> None:
    l3 = CORE.caches[2]
    assert line_cycles(CORE, 0, 1.0) == 0
    assert line_cycles(CORE, 2, None) == l3.line_bytes / l3.read_bytes_per_cycle
    assert line_cycles(CORE, 2, 1.0) > line_cycles(CORE, 2, 8.0) > line_cycles(CORE, 2, None)


def test_pages_are_looked_up_where_there_are_too_many() -> None:
    assert walk_cycles(1000, 64, 8192) == 0
    assert walk_cycles(2000, 64, 8192) > 0
    assert walk_cycles(2000, 64, 64) == 0


def test_the_total_hides_part_of_the_lesser() -> None:
    assert Cycles(100, 0, 0).total == Cycles(0, 100, 0).total == 100
    assert Cycles(100, 40, 5).total == pytest.approx(100 + 10 + 5)


def test_panels_cost_their_copying_and_spare_waiting() -> None:
    here = way(512, 512, 1024)
    packed, plain = (cycles(here, CORE, choice(Tile(12, 1), 256, 512, 96, packed=each)) for each in (True, False))
    assert packed.copies > plain.copies == 0
    assert packed.waiting < plain.waiting


def test_prefetches_bring_lines_in_time() -> None:
    here = way(16, 4096, 1024)
    early, late = (cycles(here, CORE, choice(Tile(8, 1), 256, 4096, 16, ahead=each)) for each in (32, 0))
    assert early.waiting < late.waiting
    assert early.busy >= late.busy


def test_cores_are_read_from_hardware_files() -> None:
    core = core_of(load_target("x86_avx512"))
    assert (core.vector_bytes, core.registers, core.loads_per_cycle, core.stores_per_cycle) == (64, 32, 2.0, 1.0)
    assert [(cache.name, cache.capacity_bytes) for cache in core.caches[:2]] == [("l1", 48 << 10), ("l2", 2 << 20)]
    product = core.multiply_add(gemm(1, 1, 1))
    assert (product.instruction, product.lanes, product.per_cycle) == ("vfmadd231ps", 16, 2.0)
    dot = core.multiply_add(gemm(1, 1, 1, types=("u8", "s8", "s32")))
    assert (dot.instruction, dot.group) == ("vpdpbusd", 4)


@pytest.mark.parametrize(("m", "n", "threads"), [(128, 1760, 2), (7, 5, 3), (1, 40, 2), (5, 3, 9), (1, 1, 2)])
def test_shares_are_the_whole(m: int, n: int, threads: int) -> None:
    what = gemm(m, n, 9)
    parts = shares(what, CORE, threads)
    assert len(parts) <= threads
    met = [
        each.output.constant + row * n + column
        for each in parts
        for row in range(each.extents["m"])
        for column in range(each.extents["n"])
    ]
    assert sorted(met) == list(range(m * n))
    for each in parts:
        a, b = each.factors
        assert (a.constant // 9, b.constant) == divmod(each.output.constant, n)


def test_one_thread_has_it_all() -> None:
    what = gemm(8, 8, 8)
    assert shares(what, CORE, 1) == (what,)
