"""Loops over tiles as loop bodies: what is loaded, computed and stored in a trip, and the interval that it runs at."""

from __future__ import annotations

import pytest

from isamap.check.modulo import check_modulo
from isamap.errors import Infeasible, InputError, Unsupported
from isamap.ir.binding import Binding
from isamap.ir.effort import Effort
from isamap.ir.loop_body import Dependence, Hold, LoopBody
from isamap.scheduling.modulo import pipeline
from isamap.scheduling.modulo.steady_state import steady_state
from isamap.spec import load_target, load_workload
from tests.nests import S16, bindings_of
from tests.scheduling.modulo.bodies import outer_product

EFFORT = Effort(20, deterministic=True)
WHOLE = dict.fromkeys("mnk", 16)


def gemm(machine: str, **parameters: int) -> Binding:
    """Of 128 x 128 x 256 words."""
    work = load_workload("gemm", {"M": 128, "N": 128, "K": 256} | (S16 if machine == "p16" else {"in": "s16"}))
    return bindings_of(work, load_target(machine, parameters))[0]


def body_of(binding: Binding, tile: dict[str, int], block: dict[str, int], loop: str) -> LoopBody:
    return steady_state(binding, tile, block, loop).body


def interval(given: LoopBody) -> int:
    """Proved, and checked."""
    found = pipeline(given, EFFORT).solved
    assert found.answer is not None
    assert found.status == "optimal"
    assert check_modulo(found.answer, given) == []
    return found.answer.initiation_interval_cycles


def shape(given: LoopBody) -> list[object]:
    """A body without its names and without the order of operations."""
    held = sorted(([hold.cycles for hold in o.holds], o.occupancy_cycles, o.latency_cycles) for o in given.operations)
    stays = sorted((len(b.writers), len(b.readers), b.slot_bytes) for b in given.buffers)
    return [
        held,
        stays,
        sorted((d.lag_cycles, d.distance) for d in given.dependences),
        [n for _, n in given.capacities],
    ]


def test_a_block_that_stays_is_an_outer_product_per_trip() -> None:
    found = body_of(gemm("tiles", spad_kib=64), WHOLE, {"m": 2, "n": 3}, "k")
    assert shape(found) == shape(outer_product(2, 3))
    assert found.memories == (("spad", 65536),)
    assert [b.name for b in found.buffers][:2] == ["A[m0]", "B[n0]"]
    assert interval(found) == 96


def test_a_tile_that_leaves_is_stored_in_every_trip() -> None:
    """Two loads of 20 and a store of 40 on two channels, (20 + 20 + 40) / 2 cycles; two products of 16 one after the
    other. The tile's buffer is read by its store alone. B's pieces do not change with m: they stay."""
    found = body_of(gemm("tiles"), WHOLE, {"k": 2}, "m")
    names = [operation.name for operation in found.operations]
    assert names == ["load A[k0]", "load A[k1]", "matmul k0", "matmul k1", "store C"]
    assert {b.name: (len(b.writers), len(b.readers)) for b in found.buffers} == {
        "A[k0]": (1, 1), "A[k1]": (1, 1), "B[k0]": (0, 0), "B[k1]": (0, 0), "C": (2, 1)
    }  # fmt: skip
    assert found.dependences == (Dependence(2, 3, 16),)
    assert interval(found) == 40


def test_accumulators_are_drained_and_stores_share_the_bus() -> None:
    """On p16: A comes in 512 cycles, the tile leaves in 32 on the same bus; a mac holds the whole read port."""
    found = body_of(gemm("p16"), {"m": 16, "n": 16, "k": 256}, {}, "m")
    names = [operation.name for operation in found.operations]
    assert names == ["load A", "mac", "drain C", "store C"]
    assert Hold("bus", 16, 512) in found.operations[0].holds
    assert Hold("spad.aread", 64, 256) in found.operations[1].holds
    assert [(b.name, b.memory, b.slot_bytes) for b in found.buffers] == [
        ("A", "spad", 8192), ("B", "spad", 8192), ("C", "acc", 512), ("C@spad", "spad", 512)
    ]  # fmt: skip
    assert interval(found) == 544


def test_two_banks_hold_two_tiles_and_no_third() -> None:
    tile = {"m": 16, "n": 16, "k": 64}
    assert interval(body_of(gemm("p16"), tile, {"n": 2}, "k")) == 384
    with pytest.raises(Infeasible, match=r"acc has 1024 bytes; one slot for each of .* takes 1536, 512 more"):
        pipeline(body_of(gemm("p16"), tile, {"n": 3}, "k"), EFFORT)


@pytest.mark.parametrize(
    ("tile", "block", "loop", "message"),
    [
        (WHOLE, {}, "q", "loop: expected an axis of m n k, got 'q'"),
        (WHOLE, {"z": 2}, "k", "block: expected an axis of m n k, got 'z'"),
        ({"m": 16, "n": 16}, {}, "k", "tile: expected a size for every axis, got none for k"),
        (WHOLE | {"m": 129}, {}, "k", "tile.m: expected 1 to 128, got 129"),
        (WHOLE | {"m": 8}, {}, "k", "expected 16 to 16 of matmul's i, got 8"),
        (WHOLE, {"m": 9}, "k", "block.m: expected 1 to 8 whole tiles, got 9"),
        (WHOLE, {"k": 2}, "k", "block.k: expected 1 tile: a trip is one step of the loop, got 2"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(
    tile: dict[str, int], block: dict[str, int], loop: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        body_of(gemm("tiles"), tile, block, loop)


CONTINUED = """
name: continued
sizes: {M: 32, N: 32, K: 32}
tensors:
  A: {dtype: s16, shape: [M, K]}
  B: {dtype: s16, shape: [K, N]}
  C: {dtype: s32, shape: [M, N]}
einsums:
  - C[m,n] += s32(A[m,k]) * s32(B[k,n])
inputs: [A, B, C]
outputs: [C]
"""


def test_what_a_body_cannot_say_is_refused() -> None:
    """Outputs that continue from a value while they come and go, padding, lock-step machines."""
    continued = bindings_of(load_workload(CONTINUED), "tiles")[0]
    with pytest.raises(Unsupported, match="with C, which comes in and goes out in every trip"):
        body_of(continued, WHOLE, {}, "m")
    assert interval(body_of(continued, WHOLE, {}, "k")) == 20
    conv = bindings_of(load_workload("conv2d", {"C": 16, "K": 16, "P": 8, "Q": 8, "PAD": 1} | S16), "p16")
    with pytest.raises(Unsupported, match="which has a border"):
        body_of(conv[0], dict.fromkeys(conv[0].extents, 1), {}, "c")
    with pytest.raises(Unsupported, match="lock-step"):
        body_of(bindings_of(load_workload("gemm", {}), "vliw4")[0], dict.fromkeys("mnk", 1), {}, "k")
