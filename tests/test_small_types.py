"""Kernels of small and of floating types, from file to checked program: packed halves of bytes, 16-bit floats."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pytest
from typer.testing import CliRunner

from isamap.cli import app
from isamap.compile import Compiled, Options, compile_workload
from isamap.errors import Infeasible, Unsupported
from isamap.ir.binding import Binding
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Instruction, Target
from isamap.ir.text import from_text, to_text
from isamap.simulate import evaluate, random_inputs, simulate
from isamap.simulate.einsum import apply_einsum
from isamap.simulate.element_types import rounded_to_bf16
from isamap.simulate.value import Arrays
from isamap.spec import load_workload
from isamap.tiling.estimate import estimate
from isamap.tiling.exact.solve import tile_exactly
from tests.machines import p16_text, typed
from tests.nests import bindings_of, random_nest
from tests.random_kernels import batch, continued, conv1d, conv2d, depthwise, gemm, odd
from tests.scheduling.test_random_nests import wrong
from tests.simulate.test_machine_meaning import custom, perform

GEMM = """
name: gemm
sizes: {{M: {m}, N: {n}, K: {k}}}
tensors:
  A: {{dtype: {a}, shape: [M, K]}}
  B: {{dtype: {b}, shape: [K, N]}}
  C: {{dtype: {c}, shape: [M, N]}}
einsums:
  - C[m,n] += {c}(A[m,k]) * {c}(B[k,n])
"""
HEURISTIC = Options(method="heuristic", deterministic=True)
TYPES = [("u4", "s4", "s32"), ("s4", "s4", "s4"), ("s4", "s8", "s16"), ("f16", "f16", "f32"), ("bf16", "bf16", "f32"),
         ("f32", "f32", "f32"), ("f16", "f16", "f16"), ("bf16", "bf16", "bf16")]  # fmt: skip


def compiled(types: tuple[str, str, str], m: int, n: int, k: int, target: Target | None = None) -> Compiled:
    work = load_workload(GEMM.format(a=types[0], b=types[1], c=types[2], m=m, n=n, k=k))
    answer = compile_workload(work, target or typed(*types), HEURISTIC)
    assert answer.violations == ()
    assert answer.simulation.latency_cycles == answer.schedule.latency_cycles
    assert answer.simulation.latency_cycles >= answer.bound_cycles
    return answer


@cache
def in_every_type(types: tuple[str, str, str]) -> Compiled:
    return compiled(types, 34, 18, 40)


@pytest.mark.parametrize("types", TYPES, ids="-".join)
def test_gemm_in_every_type(types: tuple[str, str, str]) -> None:
    answer = in_every_type(types)
    work, run = answer.work, answer.simulation
    bits = {tensor.name: tensor.dtype.bits * tensor.elements for tensor in work.tensors}
    assert run.traffic_bytes["store"] == bits["C"] // 8
    assert run.traffic_bytes["load"] >= (bits["A"] + bits["B"]) // 8
    inputs = {name: values.astype(np.float64) for name, values in random_inputs(work, 0).items()}
    if types[2] == "f32":  # against numpy in double precision
        exact, size = inputs["A"] @ inputs["B"], np.abs(inputs["A"]) @ np.abs(inputs["B"])
        assert (np.abs(run.outputs["C"] - exact) <= 43 * 2.0**-24 * size).all()
    elif work.tensor("C").dtype.is_integer:
        wanted = (inputs["A"] @ inputs["B"]).astype(np.int64)
        size = work.tensor("C").dtype.bits
        assert ((run.outputs["C"] - wanted) % (1 << size) == 0).all()


@pytest.mark.parametrize("sizes", [(17, 19, 21), (1, 1, 1), (5, 3, 7), (16, 1, 31)])
@pytest.mark.parametrize("alignment", [1, 2, 16])
def test_odd_inputs(sizes: tuple[int, int, int], alignment: int) -> None:
    """Rows that begin inside a byte are no obstacle to reading."""
    answer = compiled(("u4", "s4", "s32"), *sizes, typed("u4", "s4", "s32", alignment))
    m, n, k = sizes
    assert answer.simulation.traffic_bytes["load"] >= -(-m * k // 2) + -(-k * n // 2)


def test_solvers_know_how_many_bytes_there_are() -> None:
    for types in (("u4", "s4", "s32"), ("s4", "s4", "s4")):
        work = load_workload(GEMM.format(a=types[0], b=types[1], c=types[2], m=5, n=6, k=5))
        answer = compile_workload(work, typed(*types), Options(method="exact", deterministic=True))
        assert answer.violations == ()


def test_the_exact_tiling_counts_no_halves() -> None:
    """Its bytes are so many per element: what shares bytes is refused, not counted twice."""
    work = load_workload(GEMM.format(a="u4", b="s4", c="s32", m=5, n=6, k=5))
    (binding, *_) = bindings_of(work, typed("u4", "s4", "s32"))
    with pytest.raises(Unsupported, match="whose elements share bytes"):
        tile_exactly(binding)


def test_one_axis_at_a_time() -> None:
    """A transfer of rows only: several fill a slot, and none shares a byte with another."""
    target = typed("u4", "s4", "s32")
    rows = replace(target, transfers=tuple(replace(transfer, dimensions=1) for transfer in target.transfers))
    compiled(("u4", "s4", "s32"), 17, 34, 64, rows)
    compiled(("u4", "s4", "s32"), 6, 7, 9, rows)


def test_odd_outputs_are_right_or_refused_with_a_reason() -> None:
    compiled(("s4", "s4", "s4"), 17, 34, 9)
    compiled(("s4", "s4", "s4"), 16, 15, 9)  # one tile of 16 x 15: one run
    reason = "store would write pieces of C .* pad the last dimension of C from 33 to 34"
    with pytest.raises(Infeasible, match="s4 pieces must begin and end at whole bytes, 2 elements each: " + reason):
        compiled(("s4", "s4", "s4"), 17, 33, 9)


@pytest.mark.parametrize("output", ["s32", "s4"])
def test_convolutions_read_windows_inside_bytes(output: str) -> None:
    settings: dict[str, object] = {"in": "s4", "acc": output, "N": 2, "K": 20, "C": 5, "P": 18, "R": 3}
    answer = compile_workload(load_workload("conv1d", settings), typed("s4", "s4", output), HEURISTIC)
    assert answer.violations == ()
    text = to_text(answer.program)
    assert re.search(r"A=s4 spad@ of 4 bits \{", text)
    assert from_text(text) == answer.program


FAMILIES: tuple[Callable[..., str], ...] = (gemm, continued, batch, conv1d, conv2d, depthwise, odd)


@pytest.mark.parametrize("types", [("s4", "s4"), ("u4", "s32"), ("bf16", "f32")], ids="-".join)
@pytest.mark.parametrize("family", FAMILIES)
def test_random_kernels(family: Callable[..., str], types: tuple[str, str]) -> None:
    """Whatever is not refused for its bytes is right, also in tiles that no search would choose."""
    target, done = typed(types[0], types[0], types[1]), 0
    for seed in range(1 if family is conv2d else 2):
        rng = Random(seed)
        text = family(rng, types, 4 if family is conv2d else 9)
        work = load_workload(text)
        try:
            answer = compile_workload(work, target, HEURISTIC)
        except Infeasible as error:
            assert types == ("s4", "s4")
            assert "must begin and end at whole bytes" in str(error)  # noqa: PT017
            continue
        assert answer.violations == (), text
        assert answer.simulation.latency_cycles == answer.schedule.latency_cycles, text
        done += _random_nests(answer, bindings_of(work, target)[:1], rng, text) + 1
    assert done or types == ("s4", "s4")


def _random_nests(answer: Compiled, bindings: list[Binding], rng: Random, text: str) -> int:
    tried = 0
    for binding in bindings:
        for nest in (random_nest(binding, rng) for _ in range(2)):
            if estimate(binding, nest) is not None:
                tried += 1
                assert wrong(answer.work, binding, nest) == [], f"{nest}\n{text}"
    return tried


@pytest.mark.parametrize("types", TYPES, ids="-".join)
@pytest.mark.parametrize("name", ["mac", "vmac", "drain", "fill"])
def test_every_instruction_does_what_it_means(types: tuple[str, str, str], name: str) -> None:
    instruction = typed(*types).instruction(name)
    target = custom({o.name: (o.dtype.name, o.axes) for o in instruction.operands}, *_texts(instruction))
    got, wanted = perform(target, {"i": 3, "j": 2, "k": 3} if "mac" in name else {"i": 3, "j": 5})
    for tensor, values in got.items():
        loose = 0.1 if "f16" in types[2] else 1e-6 if "f" in types[2] else 0.0
        np.testing.assert_allclose(values.astype(float), wanted[tensor].astype(float), rtol=0, atol=loose)


def _texts(instruction: Instruction) -> list[str]:
    return [str(einsum.statement) for einsum in instruction.meaning]


def test_partial_sums_of_floats_come_back() -> None:
    """Small integers: every sum is exact, in whatever parts and order it is made."""
    for types in (("bf16", "bf16", "f32"), ("f16", "f16", "f16"), ("bf16", "bf16", "bf16")):
        answer = in_every_type(types)
        work = answer.work
        rng = np.random.default_rng(0)
        inputs = {name: rng.integers(-2, 3, work.tensor(name).shape).astype(np.float32) for name in "AB"}
        run = simulate(answer.program, answer.target, inputs)
        assert (run.outputs["C"].astype(np.float64) == inputs["A"].astype(np.float64) @ inputs["B"]).all()
        assert (run.outputs["C"] == evaluate(work, inputs)["C"]).all()


def test_extreme_floats() -> None:
    """Infinities, NaN, subnormal and huge numbers pass through memory and products as ``evaluate`` says."""
    types = ("bf16", "bf16", "f32")
    answer = compiled(types, 4, 4, 2)
    odd_ones = np.array([[np.inf, 0], [np.nan, 1], [2.0**-130, 2.0**-133], [3.3e38, 3.3e38]], dtype=np.float32)
    inputs = {"A": odd_ones, "B": np.array([[1, -1, 0.5, 2], [1, 1, 0.5, 2]], dtype=np.float32)}
    with np.errstate(all="ignore"):
        got, wanted = simulate(answer.program, answer.target, inputs).outputs["C"], evaluate(answer.work, inputs)["C"]
    np.testing.assert_array_equal(got, wanted)
    assert np.isinf(got[0]).all()
    assert np.isnan(got[1]).all()
    assert (got[2] == np.float32([9, -7, 4.5, 18]) * np.float32(2.0**-133)).all()
    assert np.isinf(got[3, 3])
    assert got[3, 2] == rounded_to_bf16(odd_ones)[3, 0]


@pytest.mark.parametrize(("a", "b", "c"), [("u4", "u4", "s32"), ("f16", "f16", "f32")])
def test_the_command_line(tmp_path: Path, a: str, b: str, c: str) -> None:
    machine, result = tmp_path / "small.yaml", tmp_path / "result.json"
    machine.write_text(p16_text(a, b, c))
    sizes = [part for name, size in (("M", 9), ("N", 7), ("K", 11)) for part in ("--set", f"{name}={size}")]
    command = ["compile", "gemm", str(machine), "--set", f"in={a}", "--set", f"acc={c}", *sizes, "--json"]
    done = CliRunner().invoke(app, [*command, "--method", "heuristic", "-o", str(result)])
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record["checked"] is True
    assert record["traffic_bytes"]["store"] == 9 * 7 * 4
    again = CliRunner().invoke(app, ["simulate", str(result), "--json"])
    assert again.exit_code == 0, again.output


def test_evaluate_agrees_on_meanings() -> None:
    """``typed`` machines mean what they say: their mac on arrays, against numpy."""
    (meaning,) = typed("u4", "s4", "s32").instruction("mac").meaning
    assert isinstance(meaning, Einsum)
    rng = np.random.default_rng(1)
    arrays = {"A": rng.integers(0, 16, (5, 3)).astype(np.uint8), "B": rng.integers(-8, 8, (5, 2)).astype(np.int8)}
    arrays["C"] = np.zeros((3, 2), dtype=np.int32)
    operands = typed("u4", "s4", "s32").instruction("mac").operands
    apply_einsum(
        meaning, {"i": (0, 3), "j": (0, 2), "k": (0, 5)}, Arrays(arrays, {o.name: o.dtype for o in operands}, {})
    )
    assert (arrays["C"] == arrays["A"].T.astype(int) @ arrays["B"].astype(int)).all()
