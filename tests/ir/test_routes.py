"""How operands travel: one hop or two, and refusals by name; which pieces a choosy transfer carries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.errors import Unsupported
from isamap.ir.carried import is_choosy, why_not_carried
from isamap.ir.hardware import Instruction, Target
from isamap.ir.routes import computing, is_move, route
from isamap.spec import load_workload
from tests.machines import bundled
from tests.nests import binding_of, bindings_of


def names(*entries: object) -> list[str | None]:
    return [getattr(entry, "name", None) for entry in entries]


def test_p16_accumulators_are_reached_through_the_scratchpad() -> None:
    target = bundled("p16")
    mac = target.instruction("mac")
    out = route(target, mac.operand("C"), written=True)
    assert names(out.memory, out.staging, out.drain, out.store, out.fill, out.fetch) == [
        "acc", "spad", "drain", "store", "fill", "load"
    ]  # fmt: skip
    assert out.landing.name == "spad"
    way = route(target, mac.operand("A"), written=False)
    assert names(way.memory, way.fetch, way.staging, way.fill) == ["spad", "load", None, None]
    assert way.landing.name == "spad"


@pytest.mark.parametrize("machine", ["tiles", "tiny"])
def test_one_memory_one_hop(machine: str) -> None:
    target = bundled(machine)
    for instruction in target.instructions:
        for operand in instruction.operands:
            way = route(target, operand, written=operand.name in instruction.written)
            assert names(way.fetch, way.store, way.staging) == ["load", "store", None]


def test_moves_are_no_computations() -> None:
    target = bundled("p16")
    assert names(*computing(target)) == ["mac", "vmac"]
    assert names(*filter(is_move, target.instructions)) == ["drain", "fill"]
    assert names(*computing(bundled("tiny"))) == ["mm2", "relu", "add"]


def test_an_operand_in_the_outermost_memory_does_not_travel() -> None:
    operand = replace(bundled("p16").instruction("mac").operand("A"), memory="dram")
    way = route(bundled("p16"), operand, written=False)
    assert names(way.fetch, way.store) == [None, None]


def without(target: Target, name: str) -> Target:
    kept: tuple[Instruction, ...] = tuple(i for i in target.instructions if i.name != name)
    return replace(target, instructions=kept)


def test_a_memory_that_cannot_be_left_is_refused() -> None:
    target = without(bundled("p16"), "drain")
    with pytest.raises(Unsupported, match=r"a way from acc to dram longer than a transfer and a move \(operand C\)"):
        route(target, target.instruction("mac").operand("C"), written=True)


def test_a_memory_that_cannot_be_filled_is_refused() -> None:
    target = without(bundled("p16"), "fill")
    with pytest.raises(Unsupported, match="a way from dram to acc"):
        route(target, replace(target.instruction("mac").operand("A"), memory="acc"), written=False)


def test_which_transfers_are_choosy() -> None:
    assert not any(map(is_choosy, bundled("p16").transfers))
    assert all(map(is_choosy, bundled("tiles").transfers))


MATRIX = """
name: matrix
sizes: {{M: 32, N: 48, K: 16}}
tensors:
  A: {{dtype: s16, shape: [{a}]}}
  B: {{dtype: s16, shape: [K, N]}}
  C: {{dtype: s32, shape: [M, N]}}
einsums:
  - C[m,n] += s32(A[{i}]) * s32(B[k,n])
"""


@pytest.mark.parametrize(
    ("a", "i", "sizes", "why"),
    [
        ("M, K", "m,k", {"m": 16, "k": 16}, ""),
        ("K, M", "k,m", {"m": 16, "k": 16}, "load steps by 1 in dram (unit_innermost), a piece of A by 32"),
        ("M, K", "m,k", {"m": 8, "k": 16}, "load moves blocks of exactly 16 x 16, a piece of A is 8 x 16"),
        ("M, K", "m,k", {"m": 16, "k": 1}, "load moves blocks of exactly 16 x 16, a piece of A is 16"),
        ("M, K", "m,k", {"m": 1, "k": 1}, "load moves blocks of exactly 16 x 16, a piece of A is 1"),
    ],
)
def test_why_a_piece_is_not_carried(a: str, i: str, sizes: dict[str, int], why: str) -> None:
    binding = bindings_of(load_workload(MATRIX.format(a=a, i=i)), "tiles")[0]
    role = next(role for role in binding.inputs if role.tensor.name == "A")
    assert why_not_carried(role, {"n": 16} | sizes) == why


def test_a_transfer_that_takes_any_stride_carries_everything() -> None:
    binding = binding_of("conv2d", "p16", {"K": 4, "C": 3, "P": 5, "Q": 6, "in": "s16", "acc": "s16"})
    assert not any(why_not_carried(role, binding.extents) for role in binding.roles)
