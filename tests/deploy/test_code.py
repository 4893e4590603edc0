"""Code for a core: right from C and from an object file, with no instruction that the core has not."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from isamap.codegen.native import assembly, loaded
from isamap.deploy.code import Code, code_for
from isamap.deploy.header import header
from isamap.deploy.part import aligned
from isamap.errors import Unsupported
from isamap.ir.target_machine import TargetMachine
from isamap.simulate import evaluate, random_inputs
from isamap.spec import load_target, load_workload

MACHINES = {
    "x86_avx2": ("avx2", "fma"),
    "x86_avx512": ("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni", "avx2", "fma"),
}
RUN_HERE = [pytest.param(name, marks=[pytest.mark.isa(each) for each in had]) for name, had in MACHINES.items()]
CC, CXX = shutil.which("cc"), shutil.which("c++")
ELF_HERE = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="objects are ELF files of Linux")

RAGGED = """
name: ragged
sizes: {M: 45, N: 37, K: 70}
tensors:
  A: {dtype: f32, shape: [K, M], strides: [M + 3, 1]}
  B: {dtype: f32, shape: [N, K]}
  C: {dtype: f32, shape: [M, N], strides: [N + 5, 1]}
inputs: [A, B, C]
einsums:
  - C[m,n] += A[k,m] * B[n,k]
"""
DOT = """
name: dot
sizes: {K: 100}
tensors: {A: {dtype: f32, shape: [K]}, B: {dtype: f32, shape: [K]}, C: {dtype: f32, shape: []}}
einsums: ["C[] += A[k] * B[k]"]
"""


@cache
def code(kernel: str, machine: str) -> Code:
    return code_for(load_workload(kernel), load_target(machine))


@cache
def text(kernel: str, machine: str) -> str:
    return code(kernel, machine).assembly


PROGRAM = """
#include <stdio.h>
#include <stdlib.h>
#include "kernel.h"
enum { M = ISAMAP_RAGGED_EXTENT_m, N = ISAMAP_RAGGED_EXTENT_n, K = ISAMAP_RAGGED_EXTENT_k };
static const int a_step[] = ISAMAP_RAGGED_STRIDES_A, b_step[] = ISAMAP_RAGGED_STRIDES_B;
static const int c_step[] = ISAMAP_RAGGED_STRIDES_C, c_shape[] = ISAMAP_RAGGED_SHAPE_C;
static float A[ISAMAP_RAGGED_ELEMENTS_A], B[ISAMAP_RAGGED_ELEMENTS_B], C[ISAMAP_RAGGED_ELEMENTS_C];
int main(void) {
    char *memory = (char *)malloc(ISAMAP_RAGGED_SCRATCH_BYTES + ISAMAP_RAGGED_SCRATCH_ALIGNMENT);
    uintptr_t address = (uintptr_t)memory + ISAMAP_RAGGED_SCRATCH_ALIGNMENT - 1;
    void *scratch = (void *)(address / ISAMAP_RAGGED_SCRATCH_ALIGNMENT * ISAMAP_RAGGED_SCRATCH_ALIGNMENT);
    int wrong = c_shape[0] != M || c_shape[1] != N, m, n, k;
    for (k = 0; k < ISAMAP_RAGGED_ELEMENTS_A; k++) A[k] = (float)(k * 7 % 13 - 6);
    for (k = 0; k < ISAMAP_RAGGED_ELEMENTS_B; k++) B[k] = (float)(k * 5 % 11 - 5);
    for (k = 0; k < ISAMAP_RAGGED_ELEMENTS_C; k++) C[k] = 1000.0f;
    isamap_ragged(C, A, B, scratch);
    for (m = 0; m < M; m++)
        for (n = 0; n < c_step[0] && m * c_step[0] + n < ISAMAP_RAGGED_ELEMENTS_C; n++) {
            float wanted = 1000.0f;
            for (k = 0; n < N && k < K; k++)
                wanted += A[k * a_step[0] + m * a_step[1]] * B[n * b_step[0] + k * b_step[1]];
            wrong += C[m * c_step[0] + n * c_step[1]] != wanted;
        }
    printf("%d wrong\\n", wrong);
    free(memory);
    return 0;
}
"""


@ELF_HERE
@pytest.mark.skipif(CC is None, reason="there is no C compiler here")
@pytest.mark.parametrize("machine", RUN_HERE)
def test_a_c_program_links_and_runs_it(machine: str, tmp_path: Path) -> None:
    """Small whole numbers: every sum is exact; what lies between the rows stays as it was."""
    (tmp_path / "kernel.o").write_bytes(code(RAGGED, machine).object)
    (tmp_path / "kernel.h").write_text(header(code(RAGGED, machine)))
    (tmp_path / "main.c").write_text(PROGRAM)
    flags = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-std=c99", "-O1"]
    command = [str(CC), *flags, "main.c", "kernel.o", "-o", "program"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    done = subprocess.run([tmp_path / "program"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "0 wrong\n")


@ELF_HERE
@pytest.mark.skipif(CXX is None, reason="there is no C++ compiler here")
def test_a_cpp_program_links_it(tmp_path: Path) -> None:
    (tmp_path / "kernel.o").write_bytes(code(RAGGED, "x86_avx2").object)
    (tmp_path / "kernel.h").write_text(header(code(RAGGED, "x86_avx2")))
    (tmp_path / "main.cpp").write_text(PROGRAM)
    command = [str(CXX), "-Wall", "-Werror", "main.cpp", "kernel.o", "-o", "program"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr


F32 = {"in": "f32", "acc": "f32"}
SIZES = {"M": 19, "N": 37, "K": 45}
TWICE = """
name: twice
sizes: {M: 9, K: 20}
tensors: {A: {dtype: f32, shape: [M, K]}, C: {dtype: f32, shape: [M, M]}}
einsums: ["C[m,n] += A[m,k] * A[n,k]"]
"""
LOADED = {
    "dot": load_workload(DOT),
    "one tensor twice": load_workload(TWICE),
    "bytes": load_workload("gemm_u8s8", SIZES),
    "finished": load_workload("gemm_bias_relu", F32 | SIZES),
    "requantised": load_workload("gemm_requantised", SIZES),
}


@ELF_HERE
@pytest.mark.parametrize("machine", RUN_HERE)
@pytest.mark.parametrize("name", LOADED)
def test_an_object_file_can_be_loaded(name: str, machine: str) -> None:
    """Also code of AVX2 alone, which moves bytes otherwise: what it stores is what the kernel means."""
    work = LOADED[name]
    built = code_for(work, load_target(machine))
    inputs = random_inputs(work, 3)
    wanted = evaluate(work, inputs)[work.outputs[0]]
    found = np.empty_like(wanted)
    given = {key: np.ascontiguousarray(values) for key, values in inputs.items()} | {work.outputs[0]: found}
    scratch = aligned(built.scratch_bytes)
    native = loaded(built.object, built.function, len(built.arguments) + 1)
    native.call(*(given[tensor.name].ctypes.data for tensor in built.arguments), scratch.ctypes.data)
    if built.what.sums.is_integer:
        assert np.array_equal(found, wanted)
    else:
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


def test_a_tensor_that_is_read_twice_has_two_parameters() -> None:
    found = header(code(TWICE, "x86_avx2"))
    assert "void isamap_twice(float *out_C, const float *in_A, const float *in2_A, void *scratch);" in found
    assert found.count("ISAMAP_TWICE_ELEMENTS_A") == 1


WIDE = r"zmm|[xy]mm(1[6-9]|2\d|3[01])|%k[0-7]|\{z\}|\{1to|\{sae\}|\{r[nduz]-sae\}"
EVEX_ONLY = (
    r"\bk(mov|or|and|xor|not|shift|unpck|test|add)|\bvmovdq[ua](8|16|32|64)\b|\bv(pxor|por|pandn?)[dq]\b|\bvpternlog|"
    r"\bvp?(perm[it]2|compress|expand|blendm|scatter|conflict)|\bv(extract|insert|broadcast|shuf)[fi](32|64)x|"
    r"\bvrndscale|\bvgetexp|\bvscalef|\bvpdp|\bvp(min|max|mul|abs|sra)[us]?[lq]?q\b|\bvalign[dq]"
)


@pytest.mark.parametrize("kernel", [RAGGED, DOT, RAGGED.replace("N: 37", "N: 64").replace("K: 70", "K: 300")])
def test_a_core_of_avx2_gets_nothing_else(kernel: str) -> None:
    found = re.findall(f"^.*(?:{WIDE}|{EVEX_ONLY}).*$", text(kernel, "x86_avx2"), re.MULTILINE)
    assert not found
    assert re.search(r"vfmadd\d+ps\s.*%ymm", text(kernel, "x86_avx2"))


@pytest.mark.parametrize("name", ["bytes", "requantised"])
def test_nor_does_it_for_bytes(name: str) -> None:
    """Words in pairs: the products of bytes in pairs, vpmaddubsw, would saturate."""
    made = code_for(LOADED[name], load_target("x86_avx2")).assembly
    assert not re.findall(f"^.*(?:{WIDE}|{EVEX_ONLY}).*$", made, re.MULTILINE)
    assert "vpmaddubsw" not in made
    assert "vpmaddwd" in made


def test_the_patterns_find_what_only_avx512_has() -> None:
    wide = text(RAGGED, "x86_avx512")
    assert re.search(WIDE, wide)
    assert re.search(EVEX_ONLY, wide)


def test_tails_of_avx2_are_masked_moves() -> None:
    assert "vmaskmovps" in text(RAGGED, "x86_avx2")


def test_code_for_another_architecture() -> None:
    """An ELF file for AArch64 (EM_AARCH64 is 183) with its own multiply-adds."""
    built = code(RAGGED, "neoverse_v2")
    assert re.search(r"fmla\tv\d+\.4s", built.assembly)
    assert "%ymm" not in built.assembly
    assert built.object[:4] == b"\x7fELF"
    assert int.from_bytes(built.object[18:20], "little") == 183
    assert 'target triple = "aarch64-unknown-linux-gnu"' in built.llvm


def test_a_header_of_names_that_c_has_not(tmp_path: Path) -> None:
    """Names of kernels may hold anything, those of tensors letters of any alphabet, or be words of C."""
    kernel = DOT.replace("name: dot", 'name: "do*/t 3\\n-b"').replace("A", "int").replace("B", "\u00e9")
    found = header(code(kernel, "x86_avx2"))
    assert "void isamap_do__t_3__b(float *out_C, const float *in_int, const float *in_ue9, void *scratch);" in found
    assert "ISAMAP_DO__T_3__B_ELEMENTS_ue9 100" in found
    assert "STRIDES_C" not in found
    (tmp_path / "kernel.c").write_text(found)
    if CC is not None:
        check = [CC, "-Wall", "-Werror", "-std=c99", "-fsyntax-only", tmp_path / "kernel.c"]
        assert subprocess.run(check, check=False, capture_output=True).returncode == 0


VIEW = DOT.replace("B: {dtype: f32, shape: [K]}", "B: {dtype: f32, shape: [K], alias_of: A}")


@pytest.mark.parametrize(
    ("kernel", "machine", "reason"),
    [
        (VIEW, "x86_avx2", "B, which view other tensors"),
        ("attention_products", "x86_avx2", "is not supported yet"),
        ("gru", "x86_avx2", "is not supported yet"),
        (DOT, "p16", "the target p16, which has no caches"),
        (DOT.replace("f32", "f16"), "x86_avx2", r"f16 \* f16 into f16 on x86_avx2 is not supported yet; it has"),
    ],
)
def test_what_is_not_compiled_yet_is_said(kernel: str, machine: str, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        code_for(load_workload(kernel), load_target(machine))


def test_a_core_of_which_llvm_is_told_nothing() -> None:
    target = replace(load_target("x86_avx2"), llvm=None)
    with pytest.raises(Unsupported, match=r"machine code for x86_avx2 is not supported yet; .* `llvm: \{triple: "):
        _ = code_for(load_workload(DOT), target).object


def test_an_architecture_that_llvm_has_not() -> None:
    with pytest.raises(Unsupported, match="the triple abacus-pc-linux"):
        assembly("", TargetMachine("abacus-pc-linux"))
