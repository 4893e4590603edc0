"""Nests from random keys: every vector says a tiling that can be scheduled, and all kinds of nests come up."""

from __future__ import annotations

from random import Random

import pytest

from isamap.check.tiling import check_tiling
from isamap.errors import Infeasible
from isamap.ir.answers import Tiling
from isamap.ir.binding import Binding
from isamap.spec import load_workload
from isamap.tiling import NestKeys, tilings
from tests.nests import S16, binding_of, scheduled

CASES: dict[str, tuple[str, str, dict[str, object]]] = {
    "small": ("gemm", "tiny", {"M": 4, "N": 6, "K": 9}),
    "ragged": ("gemm", "gemmini", {"M": 35, "N": 17, "K": 33}),
    "large": ("gemm", "p16", {"M": 200, "N": 96, "K": 300, **S16}),
    "window": ("conv2d", "p16", {"K": 20, "C": 8, "P": 14, "Q": 14, **S16}),
}


def drawn(binding: Binding, count: int, most_issues: float = 20_000) -> list[Tiling | None]:
    nests, chance = NestKeys(binding, "latency", most_issues), Random(1)
    found: list[Tiling | None] = []
    for _ in range(count):
        try:
            found.append(nests.tiling([chance.random() for _ in range(nests.count)]))
        except Infeasible:
            found.append(None)
    return found


@pytest.mark.parametrize("name", CASES)
def test_keys_say_tilings_that_hold(name: str) -> None:
    kernel, machine, sizes = CASES[name]
    binding = binding_of(kernel, machine, sizes)
    work = load_workload(kernel, sizes)
    found = drawn(binding, 30)
    tilings_found = [tiling for tiling in found if tiling is not None]
    assert len(tilings_found) >= 24
    assert len(set(tilings_found)) > 8
    for tiling in tilings_found:
        assert list(check_tiling(tiling, work, binding.target)) == []
    assert scheduled(binding, tilings_found[0]).latency_cycles > 0


def test_every_kind_of_nest_comes_up() -> None:
    binding = binding_of("conv2d", "p16", {"K": 40, "C": 32, "P": 28, "Q": 28, **S16})
    found = [tiling for tiling in drawn(binding, 50) if tiling is not None]
    outer, inner = [tiling.levels[0] for tiling in found], [tiling.levels[-1] for tiling in found]
    assert {level.turning for level in outer} == {True, False}
    assert any(level.backward for level in outer + inner)
    assert len({level.order for level in outer}) > 10
    assert len({level.tile for level in inner}) > 10
    assert len({level.buffers for level in outer}) > 10


def test_the_same_keys_say_the_same_nest_and_each_key_counts() -> None:
    binding = binding_of("gemm", "p16", {"M": 200, "N": 96, "K": 300, **S16})
    nests, chance = NestKeys(binding, "latency", 1e9), Random(7)
    keys = [[chance.random() for _ in range(nests.count)] for _ in range(6)]
    for one in keys:
        assert nests.tiling(one) == NestKeys(binding, "latency", 1e9).tiling(one)
    idle = []
    for n in range(nests.count):
        changed = [[*one[:n], value, *one[n + 1 :]] for one in keys for value in (0.05, 0.3, 0.6, 0.95)]
        if {nests.tiling(one) for one in changed} == {nests.tiling(one) for one in keys}:
            idle.append(n)
    rolling = nests.count - 5  # a product has no windows
    assert set(idle) <= {0, 1, rolling}  # m and n of an issue have one size each: 16


def test_good_nests_are_in_the_space() -> None:
    """Of a few hundred vectors one is as good as what local search ends with, within a tenth."""
    binding = binding_of("gemm", "p16", {"M": 64, "N": 64, "K": 64, **S16})
    best = tilings(binding, most=1)[0].modelled_value
    found = [tiling.modelled_value for tiling in drawn(binding, 200) if tiling is not None]
    assert best <= min(found) <= 1.1 * best


def test_what_does_not_fit_is_mended() -> None:
    """With the reduction outermost every tile of the output would stay in an accumulator that holds few of them, or be
    brought out and in again: the sizes stay as the keys say, the reduction goes inside."""
    binding = binding_of("gemm", "p16", {"M": 512, "N": 512, "K": 512, **S16})
    nests = NestKeys(binding, "latency", 1e9)
    sizes, switches = [0.0, 0.0, 0.2, 0.3, 0.3, 0.0], [0.0, 0.9, 0.0, 0.9, 0.9]
    said, mended = (nests.tiling([*sizes, *order, *order, *switches]) for order in ([0.1, 0.2, 0.9], [0.5, 0.6, 0.1]))
    assert said.levels[0].order == mended.levels[0].order == ("m", "n", "k")
    assert said.levels[0].tile == mended.levels[0].tile
    assert said.levels[-1].tile == mended.levels[-1].tile == (("m", 16), ("n", 16), ("k", 86))
    assert sum(dict(said.levels[0].buffers).values()) > sum(dict(mended.levels[0].buffers).values())


def test_nests_of_too_many_issues_are_left_out() -> None:
    binding = binding_of("gemm", "p16", {"M": 512, "N": 512, "K": 512, **S16})
    nests = NestKeys(binding, "latency", 0)
    assert nests.most_issues == 16 * 32 * 32  # sixteen times as many as the fewest computations
    tiny_pieces = [0.999] * nests.count  # the smallest k first: mended by taking larger ones
    assert dict(nests.tiling(tiny_pieces).levels[-1].tile)["k"] > 16
    assert dict(NestKeys(binding, "latency", 1e9).tiling(tiny_pieces).levels[-1].tile)["k"] == 1
