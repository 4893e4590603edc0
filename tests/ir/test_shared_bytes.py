"""When do two writers meet in one byte: against every byte that every tile writes, and what is said of it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from isamap.ir.binding import Binding
from isamap.ir.block import block, blocks
from isamap.ir.carried import why_not_carried
from isamap.ir.hardware import Target
from isamap.ir.shared_bytes import why_fetches_meet, why_stores_meet
from isamap.spec import load_workload
from tests.machines import typed
from tests.nests import bindings_of

GEMM = """
name: gemm
types: {{in: {0}, acc: {1}}}
sizes: {{M: {2}, N: {3}, K: {4}}}
tensors:
  A: {{dtype: in, shape: [M, K]}}
  B: {{dtype: in, shape: [K, N]}}
  C: {{dtype: acc, shape: [{5}]}}
einsums:
  - C[{6}] += acc(A[m,k]) * acc(B[k,n])
"""


def gemm(
    m: int, n: int, k: int, types: tuple[str, str] = ("s4", "s4"), dimensions: int = 4, turned: bool = False
) -> Binding:
    shape, indices = ("N, M", "n,m") if turned else ("M, N", "m,n")
    work = load_workload(GEMM.format(*types, m, n, k, shape, indices))
    return bindings_of(work, machine(types, dimensions))[0]


def machine(types: tuple[str, str], dimensions: int) -> Target:
    target = typed(types[0], types[0], types[1])
    return replace(target, transfers=tuple(replace(t, dimensions=dimensions) for t in target.transfers))


def starts(extent: int, size: int) -> list[tuple[int, int]]:
    return [(low, min(low + size, extent)) for low in range(0, extent, size)]


def stores_meet(binding: Binding, m: int, n: int) -> bool:
    """By hand: is there a byte of C that two tiles, or two parts of one, write?"""
    role, written = binding.output, dict[int, tuple[object, ...]]()
    store, strides = role.route.store, role.tensor.element_strides
    assert store is not None
    for (m0, m1), (n0, n1) in product(starts(binding.extents["m"], m), starts(binding.extents["n"], n)):
        layout = role.staged_layout({"m": m1 - m0, "n": n1 - n0, "k": 1})
        for part in range(blocks(store, layout)):
            piece, _ = block(store, layout, part)
            first = piece.first(role.access, {"m": m0, "n": n0, "k": 0})
            for point in product(*(range(axis.extent) for axis in piece.block)):
                steps = [[p * s for s in axis.step] for p, axis in zip(point, piece.block, strict=True)]
                at = [sum(along) for along in zip(first, *steps, strict=True)]
                byte = sum(c * s for c, s in zip(at, strides, strict=True)) // 2
                if written.setdefault(byte, (m0, n0, part)) != (m0, n0, part):
                    return True
    return False


def fetches_meet(binding: Binding, sizes: dict[str, int]) -> bool:
    """By hand: is there a byte of a slot that two parts of a fetch write?"""
    for role in binding.inputs:
        layout, written = role.staged_layout(sizes), dict[int, int]()
        assert role.route.fetch is not None
        for part in range(blocks(role.route.fetch, layout)):
            piece, ahead = block(role.route.fetch, layout, part)
            for point in product(*(range(axis.extent) for axis in piece.block)):
                byte = (ahead + sum(p * axis.pitch for p, axis in zip(point, piece.block, strict=True))) // 2
                if written.setdefault(byte, part) != part:
                    return True
    return False


def test_stores_that_meet_are_named() -> None:
    rng, met = Random(0), 0
    for _ in range(24):
        m, n, turned = rng.randint(1, 12), rng.randint(1, 12), rng.random() < 0.3
        binding = gemm(m, n, 3, dimensions=rng.choice([1, 2]), turned=turned)
        for _ in range(12):
            tile = {"m": rng.randint(1, m), "n": rng.randint(1, n), "k": 3}
            meet = stores_meet(binding, tile["m"], tile["n"])
            assert bool(why_stores_meet(binding.output, tile)) == meet, (m, n, tile, turned)
            met += meet
    assert 40 < met < 260


def test_fetches_that_meet_are_named() -> None:
    rng, met = Random(1), 0
    for _ in range(20):
        binding = gemm(12, 12, 12, dimensions=rng.choice([1, 2]))
        tile = {x: rng.randint(1, 12) for x in "mnk"}
        meet = fetches_meet(binding, tile)
        assert any(why_fetches_meet(role, tile) for role in binding.inputs) == meet, tile
        met += meet
    assert 3 < met < 18


@pytest.mark.parametrize(
    ("sizes", "tile", "reason"),
    [
        ((4, 6, 8), {"m": 2, "n": 3, "k": 8}, r"store would write pieces of C \(2 x 3\) that begin 3 elements apart$"),
        ((4, 7, 8), {"m": 1, "n": 7, "k": 8}, "7 elements apart; pad the last dimension of C from 7 to 8"),
    ],
)
def test_the_reason_is_said(sizes: tuple[int, int, int], tile: dict[str, int], reason: str) -> None:
    found = why_not_carried(gemm(*sizes).output, tile)
    assert found.startswith("s4 pieces must begin and end at whole bytes, 2 elements each: ")
    assert re.search(reason, found)


def test_parts_of_a_fetch_have_a_reason() -> None:
    role = next(role for role in gemm(4, 4, 8, dimensions=1).inputs if role.tensor.name == "A")
    assert why_not_carried(role, {"m": 4, "n": 4, "k": 3}) == (
        "s4 pieces must begin and end at whole bytes, 2 elements each: load would write pieces of A (4 x 3) that begin "
        "3 elements apart"
    )
    assert why_not_carried(role, {"m": 4, "n": 4, "k": 4}) == ""


@pytest.mark.parametrize("types", [("s8", "s8"), ("s16", "s32"), ("bf16", "f32")])
def test_wider_elements_share_no_byte(types: tuple[str, str]) -> None:
    binding = gemm(5, 7, 3, types, dimensions=1)
    assert {why_not_carried(role, {"m": 3, "n": 3, "k": 1}) for role in binding.roles} == {""}
