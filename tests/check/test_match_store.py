"""A right match on a store passes; spoiled in itself or in the kernel around it, the checker names the rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.check.match import check_match
from isamap.ir.answers import Match
from isamap.ir.einsum import parse_statement
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from tests.gemmini_kernels import SCALED, requantised
from tests.machines import bundled

WORK = requantised("U[n,m] = " + SCALED, u="N, M")
RIGHT = Match(
    einsum=1,
    instruction="mvout_s8",
    axes=(),
    operands=(("D", "U", 0), ("S", "T", 1)),
    realisation=(("D", "direct"), ("S", "direct")),
    utilisation=1.0,
    proved=True,
    immediates=(("scale", 0.01),),
)


def rules(match: Match, work: Workload = WORK, target: Target | None = None) -> set[str]:
    return {violation.rule for violation in check_match(match, work, target or bundled("gemmini"))}


def test_a_right_store_passes() -> None:
    assert check_match(RIGHT, WORK, bundled("gemmini")) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"einsum": 7}, "einsum"),
        ({"instruction": "mvout"}, "instruction"),
        ({"instruction": "mvin"}, "instruction"),
        ({"immediates": ()}, "immediates"),
        ({"immediates": (("scale", 0.01), ("shift", 2))}, "immediates"),
        ({"immediates": (("scale", 0.01), ("scale", 0.02))}, "immediates"),
        ({"modes": (("A", "plain"),)}, "immediates"),
        ({"axes": (("i", ("m",)),)}, "immediates"),
        ({"operands": RIGHT.operands[:1]}, "operands"),
        ({"operands": RIGHT.operands[::-1]}, "operands"),
        ({"operands": (("D", "T", 1), ("S", "U", 0))}, "operands"),
        ({"operands": (("D", "U", 0), ("S", "A", 1))}, "operands"),
        ({"einsum": 0}, "operands"),
        ({"immediates": (("scale", 0.02),)}, "expression"),
        ({"instruction": "mvout_s8_relu"}, "expression"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_each_spoiled_match_is_named(change: dict[str, object], rule: str) -> None:
    assert rule in rules(replace(RIGHT, **change))  # type: ignore[arg-type]


def test_the_transfer_has_to_reduce_as_the_kernel_does() -> None:
    target = bundled("gemmini")
    adds = parse_statement("D[i,j] += sat_s8(round(f32(S[i,j]) * imm(scale)))", frozenset("DS"))
    store = replace(target.transfer("mvout_s8"), meaning=adds.over({"i": (1, 9), "j": (1, 9)}))
    others = tuple(transfer for transfer in target.transfers if transfer.name != "mvout_s8")
    assert rules(RIGHT, target=replace(target, transfers=(*others, store))) == {"operator"}


SPOILED = {
    "an output": requantised("U[m,n] = " + SCALED, outputs="T, U"),
    "an input": requantised("U[m,n] = " + SCALED, inputs="A, B, T"),
    "read elsewhere": requantised("U[m,n] = " + SCALED, "V[m,n] = max(T[m,n], 0)"),
    "gaps": requantised("L[2*m,n] = " + SCALED),
    "read early": requantised("A[m,n] = " + SCALED, a="M, N", b="N, N", inputs="A, B", outputs="A"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_the_tensor_between_is_met_once_and_wanted_by_nobody_else(name: str) -> None:
    work = SPOILED[name]
    written = work.einsums[1].output.tensor
    match = replace(RIGHT, operands=(("D", written, 0), ("S", "T", 1)))
    assert rules(match, work) == {"store"}


def test_a_result_that_is_written_twice_is_named() -> None:
    twice = (*WORK.einsums, WORK.einsums[1])
    assert rules(RIGHT, replace(WORK, einsums=twice)) == {"store"}


def test_a_literal_is_the_same_in_any_spelling() -> None:
    """In the type of the other operand 0.0 is 0, and 1.0 is 1."""
    work = requantised("U[m,n] = max(sat_s8(round(f32(T[m,n]) * 1)), 0.0)")
    match = replace(RIGHT, instruction="mvout_s8_relu", immediates=(("scale", 1.0),))
    assert rules(match, work) == set()
    assert rules(replace(match, immediates=(("scale", 1.5),)), work) == {"expression"}
