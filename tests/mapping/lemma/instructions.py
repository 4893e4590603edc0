"""Instructions with implementations, as text of a machine's file, for the tests of lemmas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.hardware import Instruction
from isamap.ir.workload import Tensor, Workload, workload
from isamap.spec import load_target

_MACHINE = """
name: m
memories: {{dram: {{capacity: 1 GiB}}, regs: {{capacity: 64 KiB}}}}
channels: {{dma: {{}}}}
transfers:
  load: {{from: dram, to: regs, channel: dma, cost_cycles: 1, dimensions: 4}}
  store: {{from: regs, to: dram, channel: dma, cost_cycles: 1, dimensions: 4}}
units: {{alu: {{}}}}
instructions:
  {name}: {{unit: alu, initiation_interval_cycles: 1, latency_cycles: 1, {rest}}}
"""


def machine(
    name: str,
    operands: str,
    meaning: str,
    statements: Sequence[str] = (),
    *,
    axes: str = "i: 16, k: 4",
    intermediates: str = "",
    own: str = "",
    more: str = "",
) -> str:
    """A file with one instruction; ``operands`` as in ``A=u8[k] B=s8[i,k]``."""
    listed = ", ".join('{}: "{} @ regs"'.format(*part.split("=")) for part in operands.split())
    rest = f"axes: {{{axes}}}, operands: {{{listed}}}, meaning: '{meaning}'{', ' + more if more else ''}"
    if statements:
        rows = ", ".join(f"'{statement}'" for statement in statements)
        rest += f", implementation: {{intermediates: {{{intermediates}}}, axes: {{{own}}}, statements: [{rows}]}}"
    return _MACHINE.format(name=name, rest=rest)


def instruction(name: str, operands: str, meaning: str, statements: Sequence[str] = (), **more: str) -> Instruction:
    """The instruction of ``machine``."""
    return load_target(machine(name, operands, meaning, statements, **more)).instruction(name)


DOT = ("A=u8[k] B=s8[i,k] C=s32[i]", "C[i] += s32(A[k]) * s32(B[i,k])")
VPDPBUSD = instruction(
    "vpdpbusd",
    *DOT,
    ["T[i,k] = s16(A[k]) * s16(B[i,k])", "C[i] += s32(T[i,k])"],
    intermediates='T: "s16[i,k]"',
    more="initialise: optional",
)
PAIRS = [
    "T[i,h] = sat_s16(s32(A[2*h]) * s32(B[i,2*h]) + s32(A[2*h+1]) * s32(B[i,2*h+1]))",
    "C[i] += s32(T[i,h])",
]
PMADDUBSW = instruction("pmaddubsw", *DOT, PAIRS, intermediates='T: "s16[i,k//2]"', own="h: 2")
PMADDUBSW_7 = instruction(
    "pmaddubsw", *DOT, PAIRS, intermediates='T: "s16[i,2]"', own="h: 2", more="ranges: {A: [0, 127]}"
)
VPDPBUSDS = instruction(
    "vpdpbusds",
    *DOT,
    ["T[i] += s64(A[k]) * s64(B[i,k])", "C[i] = sat_s32(s64(C[i]) + T[i])"],
    intermediates='T: "s64[i]"',
    more="initialise: optional",
)


def kernel(
    statements: str | Sequence[str],
    tensors: Mapping[str, str],
    *,
    ranges: Mapping[str, tuple[int, int]] | None = None,
    inputs: Sequence[str] | None = None,
    **axes: int,
) -> Workload:
    """Einsums over ``tensors`` such as ``A: u8 32 64``."""
    found = []
    for name, text in tensors.items():
        dtype, *shape = text.split()
        found.append(Tensor(name, DTYPES[dtype], tuple(map(int, shape)), value_range=(ranges or {}).get(name)))
    texts = [statements] if isinstance(statements, str) else statements
    parsed = [parse_statement(text, frozenset(tensors)) for text in texts]
    return workload("kernel", found, parsed, axes=axes, inputs=inputs)


def gemv(k: int, i: tuple[int, int] | None = None, w: tuple[int, int] | None = None) -> Workload:
    """O[m] += I[k] * W[m,k] of u8 and s8, whose inputs may state ranges."""
    ranges = {name: ends for name, ends in (("I", i), ("W", w)) if ends}
    return kernel("O[m] += s32(I[k]) * s32(W[m,k])", {"I": f"u8 {k}", "W": f"s8 32 {k}", "O": "s32 32"}, ranges=ranges)
