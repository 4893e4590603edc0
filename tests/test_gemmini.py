"""Gemmini from file to checked program: both dataflows, every transposition, stores that scale on the way out."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest

from isamap.compile import Compiled, Options, compile_workload
from isamap.errors import NoMatch, Unsupported
from isamap.ir.workload import Workload
from tests.gemmini_kernels import SCALED, conv2d, gemm, requantised, separable
from tests.machines import bundled

DATAFLOWS = ("matmul_ws", "matmul_os")


def compiled(work: Workload, instruction: str | None = None) -> Compiled:
    """What the heuristics make of it, checked."""
    answer = compile_workload(
        work, bundled("gemmini"), Options("heuristic", instruction=instruction, deterministic=True)
    )
    assert answer.violations == ()
    assert answer.checked
    assert answer.bound_cycles <= answer.simulation.latency_cycles == answer.schedule.latency_cycles
    return answer


def modes(answer: Compiled, einsum: int = 0) -> str:
    """``AB``: both operands of the einsum's matches are transposed."""
    return "".join(name for name, choice in answer.bindings[einsum].match.modes if choice == "transposed")


def performed(answer: Compiled) -> set[str]:
    return {step.performs for step in answer.schedule.steps}


# --- products and convolutions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_a_ragged_gemm(dataflow: str) -> None:
    answer = compiled(gemm(35, 457, 17), dataflow)
    assert answer.bindings[0].instruction.name == dataflow
    assert ("flush" in performed(answer)) == (dataflow == "matmul_os")
    assert answer.simulation.traffic_bytes["mvout"] == 4 * 35 * 17


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_strided_dilated_padded_convolution(dataflow: str, layout: str) -> None:
    answer = compiled(conv2d(layout, K=18, C=3, P=5, Q=6, STRIDE=2, DILATION=2, PAD=2), dataflow)
    assert answer.bindings[0].instruction.name == dataflow


def test_random_small_gemms() -> None:
    """Axes of 1, of a whole array, and ragged ones; either dataflow; any layout that it takes."""
    rng, done = Random(5), 0
    for _ in range(20):
        sizes = [rng.choice([1, 1, 2, 5, 15, 16, 17, rng.randint(1, 40)]) for _ in range(3)]
        turned = (rng.random() < 0.3, rng.random() < 0.3)
        dataflow = rng.choice(DATAFLOWS)
        try:
            compiled(gemm(*sizes, turned=turned), dataflow)
        except NoMatch:
            assert any(turned), sizes
        else:
            done += 1
    assert done >= 14


# --- modes ----------------------------------------------------------------------------------------------------------

# README of the generator, "config_ex": which transpositions each dataflow permits
PERMITTED = {"matmul_os": {"", "A", "AB"}, "matmul_ws": {"", "A", "B"}}
TRANSPOSED = ("", "A", "B", "AB")


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize("transposed", TRANSPOSED)
def test_every_dataflow_and_transposition(dataflow: str, transposed: str) -> None:
    work = gemm(20, 37, 18, turned=("A" in transposed, "B" in transposed))
    if transposed in PERMITTED[dataflow]:
        assert modes(compiled(work, dataflow)) == transposed
        return
    with pytest.raises(NoMatch) as caught:
        compiled(work, dataflow)
    needed = " ".join(f"{name}={'transposed' if name in transposed else 'plain'}" for name in "AB")
    assert f"need {dataflow} with {needed}, which it does not allow" in str(caught.value)


def test_without_a_choice_of_dataflow_one_that_is_permitted_is_found() -> None:
    assert compiled(gemm(20, 37, 18, turned=(False, True))).bindings[0].instruction.name == "matmul_ws"
    assert compiled(gemm(20, 37, 18, turned=(True, True))).bindings[0].instruction.name == "matmul_os"


def test_sums_continue_only_where_they_can_come_back() -> None:
    work = gemm(20, 37, 18, continued=True)
    assert "mvin_acc" in performed(compiled(work))
    with pytest.raises(Unsupported, match="without a way"):
        compiled(work, "matmul_os")


# --- stores that compute on the way ---------------------------------------------------------------------------------


@cache
def mobile(dataflow: str) -> Compiled:
    return compiled(separable(C=5, K=18, P=4, Q=5), dataflow)


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_a_separable_convolution_is_scaled_on_the_way_out(dataflow: str) -> None:
    answer = mobile(dataflow)
    assert [binding.number for binding in answer.bindings] == [0, 2]
    stored = [binding.stored for binding in answer.bindings]
    assert [match.instruction for match in stored if match] == ["mvout_s8_relu", "mvout_s8"]
    assert [match.immediates for match in stored if match] == [(("scale", 0.0078125),), (("scale", 0.001),)]
    assert answer.simulation.traffic_bytes["mvout_s8_relu"] == 5 * 4 * 5
    assert answer.simulation.traffic_bytes["mvout_s8"] == 18 * 4 * 5
    assert "mvout" not in performed(answer)


def test_what_another_does_is_told() -> None:
    assert "einsum 1 is nothing that matmul_ws does; mvout_s8_relu does it" in mobile("matmul_ws").notes


def test_the_next_layer_may_want_another_layout() -> None:
    answer = compiled(requantised("U[n,m] = " + SCALED, u="N, M"))
    assert answer.bindings[0].output.tensor.name == "U"


REFUSED = {
    "only relu": ("V[m,n] = max(T[m,n], 0)", {}, "mvout_s8_relu computes max(sat_s8("),
    "truncated": ("U[m,n] = sat_s8(f32(T[m,n]) * 0.01)", {}, "mvout_s8 computes sat_s8(round("),
    "wider": ("H[m,n] = sat_s16(round(f32(T[m,n]) * 0.01))", {}, "mvout_s8 computes sat_s8(round("),
    "an output": ("U[m,n] = " + SCALED, {"outputs": "T, U"}, "mvout_s8 leaves no T behind, which is an output"),
    "read twice": (
        f"U[m,n] = {SCALED}, S[m,n] = max({SCALED}, 0)", {}, "mvout_s8 leaves no T behind, which einsum 2 reads too"
    ),
    "gaps": ("L[2*m,n] = " + SCALED, {}, "mvout_s8 writes every element of L once, the kernel L[2*m, n]"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_store_does_is_refused(name: str) -> None:
    statements, settings, said = REFUSED[name]
    with pytest.raises(NoMatch) as caught:
        compiled(requantised(*statements.split(", S")[:1], *["S" + s for s in statements.split(", S")[1:]], **settings))
    assert said in str(caught.value)
    assert "matmul_ws: matmul_ws computes A[i, k]" in str(caught.value)


def test_an_output_is_not_written_while_it_is_read() -> None:
    with pytest.raises(NoMatch, match="mvout_s8 writes A early, while its old value is read"):
        compiled(requantised("A[m,n] = " + SCALED, a="M, N", b="N, N", k="n", outputs="A", inputs="A, B"))
