"""Real instruction sets as data: Arm Neoverse V2 and SME, Hexagon HVX, RISC-V Zvqdotq, TPU v1, Eyeriss.

For each instruction a kernel that it does, proved, and the same one in types that it does not take.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from isamap.compile import Options, compile_workload
from isamap.errors import Unsupported
from isamap.ir.einsum import parse_statement
from isamap.ir.hardware import Instruction
from isamap.ir.workload import Workload
from isamap.mapping import MatchSet, map_einsum
from isamap.mapping.lemma import lemma
from isamap.spec import bundled as files
from isamap.spec import load_target, load_workload
from tests.machines import bundled
from tests.mapping.instructions import kernel

Types = str | Mapping[str, str]
Case = tuple[str, Types, Types]
"""A kernel, types in which the instruction does it, types in which it does not."""

EXTENTS = {"m": 6, "n": 10, "k": 12, "p": 9, "q": 7, "r": 3, "s": 3, "c": 5, "a": 21}
GEMM = "C[m,n] += s32(A[m,k]) * s32(B[k,n])"
DOTS = "C[m] += s32(A[m,k]) * s32(B[m,k])"
UNSIGNED_GEMM, UNSIGNED_DOTS = GEMM.replace("s32", "u32"), DOTS.replace("s32", "u32")
CONV2D = "O[n,m,p,q] += I[n,c,p+r,q+s] * W[m,c,r,s]"


def three(a: str, b: str, c: str = "s32") -> dict[str, str]:
    return {"A": a, "B": b, "C": c}


def copies(name: str, dtype: str, other: str, statement: str = "D[a] = S[a]") -> dict[str, Case]:
    return {name: (statement, dtype, other)}


S8, U8S8, S8U8, U8 = three("s8", "s8"), three("u8", "s8"), three("s8", "u8"), three("u8", "u8", "u32")
ADD, MAX = "Z[a] = X[a] + Y[a]", "Z[a] = max(X[a], Y[a])"
SCALED = "D[m,n] = sat_s8(round(f32(C[m,n]) * 0.5))"
RELU = "D[m,n] = max(sat_s8(round(f32(C[m,n]) * 0.5)), 0)"

CASES: dict[str, dict[str, Case]] = {
    "neoverse_v2": {
        **copies("ldr_s8", "s8", "u8"),
        **copies("ldr_u8", "u8", "s8"),
        **copies("ldr_bf16", "bf16", "f16"),
        **copies("ldr_f32", "f32", "s32"),
        **copies("ldr_s32", "s32", "f32"),
        **copies("str_s32", "s32", "s16"),
        **copies("str_f32", "f32", "f64"),
        "sdot": (GEMM, S8, U8S8),
        "sudot": (GEMM, U8S8, S8),
        "usdot": (GEMM, S8U8, S8),
        "sdot_lanes": (DOTS, S8, U8S8),
        "usdot_lanes": (DOTS, U8S8, S8),
        "udot_lanes": (UNSIGNED_DOTS, U8, three("s8", "u8", "u32")),
        "smmla": (GEMM, S8, U8S8),
        "usmmla": (GEMM, U8S8, S8),
        "bfmmla": ("C[m,n] += f32(A[m,k]) * f32(B[k,n])", three("bf16", "bf16", "f32"), three("f16", "f16", "f32")),
        "fmla": ("C[m,n] += A[m,k] * B[k,n]", "f32", "f64"),
        "fmla_lanes": ("C[m] += A[m,k] * B[m,k]", "f32", "f64"),
        "fadd": (ADD, "f32", "s32"),
        "fmax": (MAX, "f32", "s32"),
        "fmul": ("Z[a] = X[a] * Y[a]", "f32", "s32"),
        "add": (ADD, "s32", "f32"),
        "smax": (MAX, "s32", "u32"),
        "mul": ("Z[a] = X[a] * Y[a]", "s32", "f32"),
        "sqxtn": ("Y[a] = sat_s16(X[a])", {"X": "s32", "Y": "s16"}, {"X": "s64", "Y": "s16"}),
    },
    "arm_sme": {
        **copies("ld1b", "s8", "u8"),
        **copies("ld1b_unsigned", "u8", "s8"),
        **copies("ld1h", "bf16", "s16"),
        **copies("ld1w", "f32", "s32"),
        **copies("st1w_s32", "s32", "f32", "D[m,n] = S[m,n]"),
        **copies("st1w_f32", "f32", "s32", "D[m,n] = S[m,n]"),
        **copies("ld1w_za_s32", "s32", "f32", "D[m,n] = S[m,n]"),
        **copies("ld1w_za_f32", "f32", "s32", "D[m,n] = S[m,n]"),
        "fmopa": ("C[m,n] += A[m,k] * B[k,n]", "f32", "f64"),
        "bfmopa": ("C[m,n] += f32(A[m,k]) * f32(B[k,n])", three("bf16", "bf16", "f32"), three("f16", "f16", "f32")),
        "fmopa_f16": ("C[m,n] += f32(A[m,k]) * f32(B[k,n])", three("f16", "f16", "f32"), three("bf16", "bf16", "f32")),
        "smopa": (GEMM, S8, U8S8),
        "usmopa": (GEMM, U8S8, S8),
        "sumopa": (GEMM, S8U8, S8),
        "smopa_s16": (GEMM, three("s16", "s16"), S8),
    },
    "hexagon_hvx": {
        **copies("vmem_u8", "u8", "s8"),
        **copies("vmem_s8", "s8", "u8"),
        **copies("vmem_s16", "s16", "u16"),
        **copies("vmem_s32", "s32", "u32"),
        **copies("memw_u8", "u8", "s8"),
        **copies("memw_s8", "s8", "u8"),
        **copies("memw_s16", "s16", "u16"),
        **copies("vmem_store", "s32", "u32"),
        **copies("vsplat", "u8", "s8", "D[m,k] = S[k]"),
        **copies("vsplat_s8", "s8", "u8", "D[m,k] = S[k]"),
        "vrmpy_ub_rb": (GEMM, S8U8, S8),
        "vrmpy_ub_rub": (UNSIGNED_GEMM, U8, three("s8", "u8", "u32")),
        "vrmpy_ub_b": (DOTS, U8S8, S8),
        "vrmpy_b_b": (DOTS, S8, U8S8),
        "vrmpy_ub_ub": (UNSIGNED_DOTS, U8, three("s8", "u8", "u32")),
        "vdmpy_h_rh_sat": (GEMM, three("s16", "s16"), S8),
        "vadd_w": (ADD, "s32", "s16"),
        "vmax_w": (MAX, "s32", "s16"),
    },
    "riscv_zvqdotq": {
        **copies("vle8", "s8", "u8"),
        **copies("vle8_unsigned", "u8", "s8"),
        **copies("vle32", "s32", "u32"),
        **copies("vlse32", "s32", "u32", "D[a] = S[3*a]"),
        **copies("vse32", "s32", "u32"),
        **copies("lw_u8", "u8", "s8"),
        **copies("lw_s8", "s8", "u8"),
        "vqdot_vv": (DOTS, S8, U8S8),
        "vqdotsu_vv": (DOTS, S8U8, S8),
        "vqdotu_vv": (UNSIGNED_DOTS, U8, three("s8", "u8", "u32")),
        "vqdot_vx": (GEMM, S8, S8U8),
        "vqdotsu_vx": (GEMM, U8S8, S8),
        "vqdotus_vx": (GEMM, S8U8, S8),
        "vadd": (ADD, "s32", "s16"),
        "vmax": (MAX, "s32", "u32"),
    },
    "tpu_v1": {
        "matrix_multiply": (GEMM, S8, three("s16", "s16")),
        "matrix_multiply_u8": (GEMM, U8S8, three("u8", "u8")),
        "matrix_multiply_s16": (GEMM, three("s16", "s8"), S8),
        "activate_none": ("D[m,n] = C[m,n]", "s32", "s16"),
        "activate_identity": (SCALED, {"C": "s32", "D": "s8"}, {"C": "s16", "D": "s8"}),
        "activate_relu": (RELU, {"C": "s32", "D": "s8"}, {"C": "s16", "D": "s8"}),
    },
    "eyeriss": {
        **copies("fill_filter", "s16", "u16"),
        "row": ("O[p] += I[p+r] * W[r]", "s16", "s32"),
        "row_scaled": (
            "O[p] += s16(s32(I[p+r]) * s32(W[r]) >> 8)",
            dict.fromkeys("IOW", "s16"),
            {"I": "s8", "W": "s8", "O": "s16"},
        ),
        "plane_3": (CONV2D, "s16", "s32"),
        "plane_5": (CONV2D, "s16", "s32"),
        "plane_12": (CONV2D, "s16", "s32"),
    },
}
EVERY = [(machine, name) for machine, cases in CASES.items() for name in cases]
HALVES = {("vdmpy_h_rh_sat", "A"): "[-100, 100]"}  # ranges that a precondition asks for


def work(statement: str, types: Types, ranges: Mapping[str, str] | None = None) -> Workload:
    """A kernel of ``EXTENTS``; ``ranges`` of its inputs."""
    names = frozenset(letter for letter in statement if letter.isupper())
    axes = parse_statement(statement, names).axis_names
    found = kernel("work", statement, types, **{axis: EXTENTS[axis] for axis in axes})
    if not ranges:
        return found
    lines = [f"name: work\naxes: {{{', '.join(f'{x}: {EXTENTS[x]}' for x in axes)}}}\ntensors:"]
    for tensor in found.tensors:
        held = f", range: {ranges[tensor.name]}" if tensor.name in ranges else ""
        lines.append(f"  {tensor.name}: {{dtype: {tensor.dtype}, shape: {list(tensor.shape)}{held}}}")
    return load_workload("\n".join([*lines, f"einsums: [{statement!r}]"]))


def asked(machine: str, name: str) -> Instruction:
    return bundled(machine).instruction(name)


def found_on(machine: str, name: str, kernel: Workload) -> MatchSet:
    return map_einsum(kernel, 0, asked(machine, name), target=bundled(machine))


@pytest.mark.parametrize("machine", CASES)
def test_every_instruction_has_a_case(machine: str) -> None:
    assert set(CASES[machine]) == {one.name for one in bundled(machine).instructions}


@pytest.mark.parametrize("machine", CASES)
def test_a_file_is_short_and_cites_its_sources(machine: str) -> None:
    text = Path(files("hardware")[machine]).read_text()
    assert len(text.splitlines()) < 150
    raw = YAML(typ="safe").load(text)
    assert raw["source"]
    entries = [one for group in ("memories", "channels", "transfers", "units", "instructions") for one in
               raw.get(group, {}).values()]  # fmt: skip
    assert [entry for entry in entries if not entry.get("source")] == []


@pytest.mark.parametrize(("machine", "name"), EVERY)
def test_an_instruction_does_what_it_is_for(machine: str, name: str) -> None:
    statement, types, _ = CASES[machine][name]
    ranges = {tensor: values for (one, tensor), values in HALVES.items() if one == name}
    found = found_on(machine, name, work(statement, types, ranges))
    assert found.count > 0, found.reasons
    assert all(match.proved for match in found.with_swap)


@pytest.mark.parametrize(("machine", "name"), EVERY)
def test_and_nothing_in_other_types(machine: str, name: str) -> None:
    statement, _, types = CASES[machine][name]
    found = found_on(machine, name, work(statement, types))
    assert found.count == 0
    assert any(f"{name} takes" in reason or "casts" in reason for reason in found.reasons), found.reasons


@pytest.mark.parametrize(("machine", "name"), EVERY)
def test_every_implementation_is_proved(machine: str, name: str) -> None:
    one = asked(machine, name)
    assert lemma(one).verdict == ("equal" if one.implementation else "none")


# --- what these machines ask of the notation --------------------------------------------------------------------------


def test_a_dot_product_by_element_has_one_mapping_and_its_mirror() -> None:
    found = found_on("neoverse_v2", "sdot", work(GEMM, S8))
    assert (found.count, found.count_with_swap) == (1, 2)
    mixed = found_on("neoverse_v2", "sudot", work(GEMM, U8S8))
    assert (mixed.count, mixed.count_with_swap) == (1, 1)


def test_accumulators_are_forwarded() -> None:
    """Neoverse V2: a result is there after 3 cycles, and after 1 where it is only added to; fmla 4 and 2."""
    expected = {"sdot": ("3", "1"), "smmla": ("3", "1"), "bfmmla": ("6", "4"), "fmla": ("4", "2")}
    for name, (latency, chained) in expected.items():
        one = asked("neoverse_v2", name)
        assert (str(one.latency_cycles), {n: str(c) for n, c in one.operand_latency_cycles}) == (
            latency,
            {"C": chained},
        )


def test_vector_lengths_are_parameters() -> None:
    wide = load_target("arm_sme", {"svl_bytes": 32})
    assert [str(axis) for axis in wide.instruction("fmopa").axes] == ["i=1..8", "j=1..8"]
    assert wide.memory("za").capacity_bytes == 1024
    assert load_target("riscv_zvqdotq", {"vlen": 256, "lmul": 4}).instruction("vqdot_vv").axes[0].most == 32


def test_predicates_fill_nothing_up() -> None:
    """SME takes 6 x 10 x 12 as it is; smmla takes 8 of k at a time."""
    assert not any("padded" in note for note in found_on("arm_sme", "smopa", work(GEMM, S8)).notes)
    notes = found_on("neoverse_v2", "smmla", work(GEMM, S8)).notes
    assert "k of smmla takes 8 or more: k = 12 is padded to 16 (4 more, 25.0% of the work)" in notes


def test_packets_of_a_vliw_have_slots() -> None:
    target = bundled("hexagon_hvx")
    assert target.issue == "static"
    assert target.instruction("vrmpy_ub_b").issue_slots == ("slot2", "slot3")
    assert all(one.issue_slots for one in target.instructions)


def test_a_contiguous_load_does_not_take_every_third_element() -> None:
    for machine, name in (("neoverse_v2", "ldr_s32"), ("hexagon_hvx", "vmem_s32"), ("riscv_zvqdotq", "vle32")):
        found = found_on(machine, name, work("D[a] = S[3*a]", "s32"))
        assert found.count == 0
        assert found.reasons == (f"{name} reads S contiguous; S[3*a] has stride 3 along a",)


def test_a_saturating_sum_needs_small_numbers() -> None:
    found = found_on("hexagon_hvx", "vdmpy_h_rh_sat", work(GEMM, three("s16", "s16")))
    assert found.count == 0
    assert any("exact only while C stays in [-1073741824, 1073741823]" in reason for reason in found.reasons)


def test_a_row_of_a_filter_slides_along_a_row_of_an_image() -> None:
    row, plane = asked("eyeriss", "row"), asked("eyeriss", "plane_3")
    (match,) = map_einsum(work("O[p] += I[p+r] * W[r]", "s16"), 0, row).matches
    assert match.axes == (("x", ("p",)), ("s", ("r",)))
    strided = map_einsum(work("O[p] += I[2*p+r] * W[r]", "s16"), 0, row)
    assert strided.count == 0
    assert strided.reasons
    found = map_einsum(work(CONV2D, "s16"), 0, plane).with_swap
    assert (("m", ("m",)), ("c", ("c",)), ("y", ("p",)), ("x", ("q",)), ("r", ("r",)), ("s", ("s",))) in [
        match.axes for match in found
    ]


def test_vectors_of_dot_products_are_no_matrix_product() -> None:
    for machine, name in (("neoverse_v2", "sdot_lanes"), ("hexagon_hvx", "vrmpy_b_b"), ("riscv_zvqdotq", "vqdot_vv")):
        assert found_on(machine, name, work(GEMM, S8)).count == 0
    for machine, name in (("neoverse_v2", "smmla"), ("arm_sme", "smopa"), ("tpu_v1", "matrix_multiply")):
        assert found_on(machine, name, work("C[m] += s32(A[m,k]) * s32(B[k])", S8)).count == 0


# --- compiled ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(64, 300, 300), (5, 256, 512)])
def test_the_tpu_runs_a_matrix_product(sizes: tuple[int, int, int]) -> None:
    m, n, k = sizes
    answer = compile_workload(load_workload("gemm", {"M": m, "N": n, "K": k}), bundled("tpu_v1"), Options("heuristic"))
    assert answer.violations == ()
    assert answer.checked
    assert answer.simulation.traffic_bytes["write_host_memory"] == 4 * m * n
    assert answer.bound_cycles <= answer.simulation.latency_cycles


def test_the_tpu_asks_the_solvers_too() -> None:
    """Its unified buffer has 24 MiB, more sizes of pieces than can be tried one by one."""
    gemm = load_workload("gemm", {"M": 16, "N": 300, "K": 40})
    assert compile_workload(gemm, bundled("tpu_v1"), Options(time_limit_s=3)).checked


REFUSED = {
    "neoverse_v2": ("s8", "s32", "a way from dram to registers"),
    "arm_sme": ("s8", "s32", "a way from dram to z"),
    "hexagon_hvx": ("u8", "u32", "a way from dram to r"),
    "riscv_zvqdotq": ("s8", "s32", "a way from dram to x"),
}


@pytest.mark.parametrize("machine", REFUSED)
def test_what_cannot_be_compiled_yet_is_said(machine: str) -> None:
    given, acc, reason = REFUSED[machine]
    gemm = load_workload("gemm", {"M": 8, "N": 32, "K": 8, "in": given, "acc": acc})
    with pytest.raises(Unsupported, match=reason):
        compile_workload(gemm, bundled(machine), Options("heuristic"))


def test_windows_cannot_be_tiled_yet() -> None:
    conv = load_workload("conv1d", {"K": 2, "C": 2, "P": 8, "in": "s16", "acc": "s16"})
    with pytest.raises(Unsupported, match="lanes share elements"):
        compile_workload(conv, bundled("eyeriss"), Options("heuristic"))
