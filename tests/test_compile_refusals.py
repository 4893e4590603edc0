"""What cannot be compiled is refused by name: what is wrong, where, by how much, and what would do."""

from __future__ import annotations

import pytest

from isamap.compile import Options, compile_workload
from isamap.errors import Infeasible, NoMatch, Unsupported
from isamap.spec import load_target, load_workload

GEMM = """
name: gemm
sizes: {{M: {m}, N: 8, K: 8}}
tensors:
  A: {{dtype: {inputs}, shape: [M, K]}}
  B: {{dtype: {inputs}, shape: [K, N]}}
  C: {{dtype: {output}, shape: [M, N]}}
einsums:
  - C[m,n] += {output}(A[m,k]) * {output}(B[k,n])
"""


def compile_text(text: str, machine: str, **parameters: object) -> None:
    compile_workload(load_workload(text), load_target(machine, parameters), Options(deterministic=True, time_limit_s=2))


@pytest.mark.parametrize("dtypes", [("f32", "f32"), ("s8", "s32"), ("u8", "s16")])
def test_a_dtype_that_no_instruction_takes(dtypes: tuple[str, str]) -> None:
    with pytest.raises(NoMatch) as refused:
        compile_text(GEMM.format(m=8, inputs=dtypes[0], output=dtypes[1]), "p16")
    text = str(refused.value)
    assert text.startswith("no instruction of p16 does C[m, n] +=")
    assert f"mac takes s16 for A, A is {dtypes[0]}" in text
    assert "repair: " in text
    assert refused.value.exit_code == 3


def test_a_symbolic_extent() -> None:
    with pytest.raises(Unsupported, match="symbolic"):
        compile_text(GEMM.format(m="[1, 64]", inputs="s16", output="s16"), "p16")


@pytest.mark.parametrize(
    ("machine", "parameters", "inputs", "output", "message"),
    [
        ("tiny", {"local_bytes": 5}, "s8", "s32", "1 bytes more are needed for C 4 bytes, A 1 bytes, B 1 bytes"),
        ("tiny", {"local_bytes": 1}, "s8", "s32", r"local \(1 bytes\) is too small for the smallest tile of mm2"),
    ],
)
def test_a_memory_too_small_for_the_smallest_tile(
    machine: str, parameters: dict[str, object], inputs: str, output: str, message: str
) -> None:
    with pytest.raises(Infeasible, match=message):
        compile_text(GEMM.format(m=8, inputs=inputs, output=output), machine, **parameters)


def test_a_scratchpad_of_one_tile() -> None:
    """1 KiB hold C alone; 2 KiB hold one tile of each; 3 KiB two of A and B."""
    settings: dict[str, object] = {"M": 32, "N": 48, "K": 32, "in": "s16"}
    work, cycles = load_workload("gemm", settings), []
    with pytest.raises(Infeasible, match="1024 bytes more are needed for C 1024 bytes, A 512 bytes, B 512 bytes"):
        compile_workload(work, load_target("tiles", {"spad_kib": 1}), Options(deterministic=True, time_limit_s=2))
    for kib in (2, 3, 6):
        answer = compile_workload(
            work, load_target("tiles", {"spad_kib": kib}), Options(deterministic=True, time_limit_s=2)
        )
        assert answer.violations == ()
        assert answer.simulation.peak_bytes["spad"] <= 1024 * kib
        cycles.append(answer.simulation.latency_cycles)
    assert cycles == sorted(cycles, reverse=True)


def test_a_small_scratchpad_is_enough_for_ragged_tiles() -> None:
    work = load_workload("conv2d", {"K": 9, "C": 5, "P": 7, "Q": 8, "PAD": 1, "in": "s16", "acc": "s16"})
    answer = compile_workload(work, load_target("p16", {"spad_kib": 1}), Options(deterministic=True, time_limit_s=2))
    assert answer.violations == ()
    assert answer.simulation.peak_bytes["spad"] <= 1024


def test_an_extent_that_is_no_multiple() -> None:
    work = load_workload("gemm", {"M": 35, "N": 48, "K": 16, "in": "s16"})
    with pytest.raises(Infeasible, match="m = 35 is no multiple of 16, which matmul's i takes exactly; pad m to 48"):
        compile_workload(work, load_target("tiles"), Options(deterministic=True, time_limit_s=2))


@pytest.mark.parametrize(
    ("a", "b", "c", "possible"),
    [("M, K", "K, N", "M, N", True), ("K, M", "N, K", "N, M", True), ("K, M", "K, N", "M, N", False)],
)
def test_transposed_operands_on_a_machine_that_cannot_turn_them(a: str, b: str, c: str, possible: bool) -> None:
    """tiles loads rows only. With everything transposed A and B change places; with one alone nothing helps."""
    text = f"""
name: turned
sizes: {{M: 32, N: 48, K: 16}}
tensors:
  A: {{dtype: s16, shape: [{a}]}}
  B: {{dtype: s16, shape: [{b}]}}
  C: {{dtype: s32, shape: [{c}]}}
einsums:
  - C[{c.lower()}] += s32(A[{a.lower()}]) * s32(B[{b.lower()}])
"""
    if possible:
        answer = compile_workload(
            load_workload(text), load_target("tiles"), Options(deterministic=True, time_limit_s=2)
        )
        assert answer.violations == ()
    else:
        with pytest.raises(Infeasible, match=r"load steps by 1 in dram \(unit_innermost\), a piece of A by 32"):
            compile_text(text, "tiles")


def test_an_output_of_which_a_part_is_never_written() -> None:
    text = """
name: rows
sizes: {M: 4, N: 3}
tensors:
  X: {dtype: s32, shape: [M, N]}
  Y: {dtype: s32, shape: [2*M, N]}
axes: {m: M}
einsums:
  - Y[2*m,n] = max(X[m,n], 0)
"""
    with pytest.raises(Unsupported, match="Y, of whose 24 elements only 12 are written"):
        compile_text(text, "tiny")
