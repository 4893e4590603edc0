"""Real instruction sets as data, x86 and NVIDIA: every file loads and says where its numbers come from, every
instruction matches the kernels that it is made for, with proofs, and not those that it is not."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from isamap.ir.hardware import Instruction, Target
from isamap.ir.workload import Workload, is_copy
from isamap.mapping import MatchSet, map_einsum
from isamap.spec import bundled, load_target
from tests.mapping.instructions import kernel
from tests.spec.instruction_kernels import KERNELS, within

MACHINES = ("x86_avx512", "x86_avx2", "x86_amx", "nvidia_mma", "nvidia_wgmma", "nvidia_dp4a")
TARGETS = {name: load_target(name) for name in MACHINES}

# a machine's computing instruction -> the kernels that it matches, with counts as the command line gives them
MATCHED: dict[str, dict[str, dict[str, int]]] = {
    "x86_avx512": {
        "vfmadd231ps": {"f32 depthwise": 1},
        "vfmadd231ps_splat": {"f32 gemm": 1, "f32 gemv": 1, "f32 conv2d": 8},
        "vfmadd231ps_m32bcst": {"f32 gemm": 1, "f32 gemv": 1},
        "vpdpbusd": {"u8 s8 gemm": 1},
        "vpdpbusd_lanes": {"u8 s8 rows": 1},
        "vpdpbusds": {"u8 s8 gemm": 1},
        "vpdpwssd": {"s16 gemm": 1},
        "vaddps": {"f32 sum": 3}, "vmulps": {"f32 product": 3}, "vmaxps": {"f32 greater": 3},
        "vpaddd": {"s32 sum": 3}, "vpsubd": {"s32 difference": 3}, "vpmulld": {"s32 product": 3},
        "vpmaxsd": {"s32 greater": 3}, "vpxord_128": {"shift": 3}, "vcvtdq2ps": {"to float": 3},
        "vpmovsdb": {"to s8": 3}, "vpackssdw": {"to s16": 3},
    },
    "x86_avx2": {
        "vfmadd231ps": {"f32 depthwise": 1},
        "vfmadd231ps_splat": {"f32 gemm": 1, "f32 gemv": 1},
        "vpmaddwd": {"s16 pairs": 1},
        "vpmaddwd_vpaddd": {"s16 gemm": 1, "s16 pairs": 1},
        "vpmaddubsw_vpmaddwd_vpaddd": {"u7 s8 gemm": 1},
        "vaddps": {"f32 sum": 3}, "vmulps": {"f32 product": 3}, "vmaxps": {"f32 greater": 3},
        "vpaddd": {"s32 sum": 3}, "vpsubd": {"s32 difference": 3}, "vpmulld": {"s32 product": 3},
        "vpmaxsd": {"s32 greater": 3},
    },
    "x86_amx": {
        "tdpbssd": {"s8 gemm": 1, "s8 conv2d": 49},
        "tdpbusd": {"u8 s8 gemm": 1, "s8 u8 gemm": 1},
        "tdpbsud": {"u8 s8 gemm": 1, "s8 u8 gemm": 1},
        "tdpbf16ps": {"bf16 gemm": 1},
    },
    "nvidia_mma": {
        "mma_m16n8k16_f16": {"f16 gemm": 1, "f16 conv2d": 49},
        "mma_m16n8k16_bf16": {"bf16 gemm": 1},
        "mma_m16n8k32_s8": {"s8 gemm": 1},
        "mma_m16n8k32_u8s8": {"u8 s8 gemm": 1, "s8 u8 gemm": 1},
    },
    "nvidia_wgmma": {
        "wgmma_f16": {"f16 gemm": 1},
        "wgmma_bf16": {"bf16 gemm": 1},
        "wgmma_f16_b_mn_major": {"f16 gemm": 1},
        "wgmma_f16_a_registers": {"f16 gemm": 1},
        "wgmma_s8": {"s8 gemm": 1, "s8 conv2d": 49},
        "wgmma_u8s8": {"u8 s8 gemm": 1},
    },
    "nvidia_dp4a": {
        "dp4a_s8": {"s8 gemm": 1, "s8 gemv": 1, "s8 conv2d": 7, "s8 depthwise": 3},
        "dp4a_u8s8": {"u8 s8 gemm": 1}, "dp4a_s8u8": {"s8 u8 gemm": 1}, "dp4a_u8": {"u8 u8 gemm": 1},
        "dp2a_s16s8": {"s16 s8 gemm": 1},
    },
}  # fmt: skip

# a machine, its instruction, a kernel that it does not match, and what the reasons say
REFUSED = [
    ("x86_avx512", "vpdpbusd", "s8 gemm", "vpdpbusd takes u8 for A, A is s8"),
    ("x86_avx512", "vpdpbusd", "s16 gemm", "takes s8 for B, B is s16"),
    ("x86_avx512", "vpdpbusd_lanes", "u8 s8 gemm", "nothing can feed i"),
    ("x86_avx512", "vpdpwssd", "s8 gemm", "takes s16 for A, A is s8"),
    ("x86_avx512", "vfmadd231ps", "f32 gemm", "nothing can feed i"),
    ("x86_avx512", "vmulps", "f32 gemm", "vmulps computes =, the kernel +="),
    ("x86_avx512", "vpsubd", "s32 sum", "vpsubd computes A[i] - B[i]"),
    ("x86_avx512", "vpmovsdb", "to s16", "takes s8 for Y, D is s16"),
    ("x86_avx2", "vpmaddubsw_vpmaddwd_vpaddd", "u8 s8 gemm", "exact only for A in [0, 127], A may hold [0, 255]"),
    ("x86_avx2", "vpmaddwd_vpaddd", "u8 s8 gemm", "takes s16 for A, A is u8"),
    ("x86_amx", "tdpbssd", "u8 s8 gemm", "tdpbssd takes s8 for A, A is u8"),
    ("x86_amx", "tdpbssd", "s8 gemv", "nothing can feed j"),
    ("x86_amx", "tdpbssd", "s8 depthwise", "nothing can feed j"),
    ("x86_amx", "tdpbf16ps", "f16 gemm", "takes bf16 for A, A is f16"),
    ("nvidia_mma", "mma_m16n8k16_f16", "f32 gemm", "takes f16 for A, A is f32"),
    ("nvidia_mma", "mma_m16n8k32_s8", "s8 gemv", "nothing can feed j"),
    ("nvidia_wgmma", "wgmma_s8", "s8 depthwise", "nothing can feed j"),
    ("nvidia_wgmma", "wgmma_f16", "bf16 gemm", "takes f16 for A, A is bf16"),
    ("nvidia_dp4a", "dp4a_u8", "s8 gemm", "takes u32 for C, C is s32"),
    ("nvidia_dp4a", "dp4a_s8", "s32 product", "no axis of dp4a_s8 is in all three operands"),
]


def _map(machine: str, instruction: str, asked: str) -> MatchSet:
    return map_einsum(KERNELS[asked], 0, TARGETS[machine].instruction(instruction))


def _is_move(instruction: Instruction) -> bool:
    return all(map(is_copy, instruction.meaning))


@pytest.mark.parametrize("machine", MACHINES)
def test_every_number_has_a_source_and_the_file_is_short(machine: str) -> None:
    text = bundled("hardware")[machine].read_text()
    assert len(text.splitlines()) < 150
    given = YAML(typ="safe").load(text)
    assert given["source"]
    for group in ("memories", "transfers", "units", "channels", "instructions"):
        for name, entry in given.get(group, {}).items():
            assert entry.get("source"), f"{group}.{name}"


@pytest.mark.parametrize("machine", MACHINES)
def test_every_computing_instruction_is_in_the_table(machine: str) -> None:
    assert {one.name for one in TARGETS[machine].instructions if not _is_move(one)} == MATCHED[machine].keys()


@pytest.mark.parametrize(
    ("machine", "instruction", "asked", "count"),
    [(m, i, k, n) for m, table in MATCHED.items() for i, kernels in table.items() for k, n in kernels.items()],
)
def test_matches_with_proofs(machine: str, instruction: str, asked: str, count: int) -> None:
    found = _map(machine, instruction, asked)
    assert len(found.matches) == count, found.reasons
    assert all(match.proved for match in found.with_swap)


@pytest.mark.parametrize(("machine", "instruction", "asked", "reason"), REFUSED)
def test_does_not_match_and_says_why(machine: str, instruction: str, asked: str, reason: str) -> None:
    found = _map(machine, instruction, asked)
    assert not found.with_swap
    assert any(reason in one for one in found.reasons), found.reasons


def test_types_decide_the_orientation() -> None:
    assert len(_map("x86_avx512", "vpdpbusd", "u8 s8 gemm").with_swap) == 1
    assert len(_map("x86_avx512", "vpdpwssd", "s16 gemm").with_swap) == 2


@pytest.mark.parametrize("machine", MACHINES)
def test_every_instruction_matches_its_own_meaning(machine: str) -> None:
    for one in TARGETS[machine].instructions:
        assert any(match.proved for match in map_einsum(_own(one), 0, one).matches), one.name


def _own(one: Instruction) -> Workload:
    """The instruction's meaning as a kernel, over its greatest extents; accumulators within their ranges stay there."""
    (meaning,) = one.meaning
    axes = {axis.name: axis.most for axis in meaning.axes}
    made = kernel(one.name, meaning.statement, {o.name: str(o.dtype) for o in one.operands}, **axes)
    for name, (least, most) in one.value_ranges:
        if name not in one.written:
            made = within(made, name, int(least), int(most))
    return made


def _outermost_is_reached(target: Target) -> bool:
    """Results come back: some chain of transfers and moves leads from every written operand to the outermost memory."""
    links = {(t.source_memory, t.destination_memory) for t in target.transfers}
    for one in filter(_is_move, target.instructions):
        (written,) = one.written
        links |= {(o.memory, one.operand(written).memory) for o in one.operands if o.name != written}
    reached = {target.outermost.name}
    while more := {start for start, end in links if end in reached} - reached:
        reached |= more
    return {o.memory for one in target.instructions for o in one.operands if o.name in one.written} <= reached


@pytest.mark.parametrize("machine", MACHINES)
def test_results_come_back(machine: str) -> None:
    assert _outermost_is_reached(TARGETS[machine])
