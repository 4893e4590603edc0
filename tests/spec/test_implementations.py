"""``implementation``, ``ranges`` and ``layouts`` of an instruction: what they become, and each mistake at its place."""

from __future__ import annotations

import pytest

from isamap.ir.dtype import DTYPES
from isamap.ir.text import from_text, to_text
from isamap.spec import SpecError, load_target, schema

LINES = [
    "name: m",  # 1
    "parameters: {step: 2}",
    "memories: {dram: {capacity: 1 GiB}, regs: {capacity: 4 KiB}}",
    "channels: {dma: {}}",
    "transfers: {load: {from: dram, to: regs, channel: dma, cost_cycles: 1}}",  # 5
    "units: {alu: {}}",
    "instructions:",
    "  dot:",
    "    unit: alu",
    "    axes: {i: [1, 16], k: 4}",  # 10
    '    operands: {A: "u8[k] @ regs", B: "s8[i,k] @ regs", C: "s32[i] @ regs"}',
    "    meaning: C[i] += s32(A[k]) * s32(B[i,k])",
    "    initiation_interval_cycles: 1",
    "    latency_cycles: 1",
    "    implementation:",  # 15
    '      intermediates: {T: "s16[i, k//step]"}',
    "      statements:",
    "        - T[i,h] = sat_s16(s32(A[2*h]) * s32(B[i,2*h]) + s32(A[2*h+1]) * s32(B[i,step*h+1]))",
    "        - C[i] += s32(T[i,h])",
    "      axes: {h: k/2}",  # 20
    "    ranges: {A: [0, 64*step - 1], B: [-128, 127]}",
    '    layouts: {B: "[k//step, i, k%step]", A: [k]}',
]
DOT = "instructions.dot"
INNER = f"{DOT}.implementation"


def test_what_a_file_says() -> None:
    target = load_target("\n".join(LINES))
    dot = target.instruction("dot")
    done = dot.implementation
    assert done is not None
    assert done.tensors == (("T", DTYPES["s16"], (16, 2)),)
    assert [str(einsum) for einsum in done.einsums] == [
        "T[i, h] = sat_s16(s32(A[2*h]) * s32(B[i, 2*h]) + s32(A[2*h + 1]) * s32(B[i, 2*h + 1])) for i=16, h=2",
        "C[i] += s32(T[i, h]) for i=16, h=2",
    ]
    assert dot.value_ranges == (("A", (0, 127)), ("B", (-128, 127)))
    layouts = [operand.layout for operand in dot.operands]
    assert [[str(index) for index in layout] if layout else None for layout in layouts] == [
        ["k"], ["(k) // 2", "i", "(k) % 2"], None
    ]  # fmt: skip
    assert from_text(to_text(target)) == target


def test_under_a_mode_the_implementation_turns_with_its_operands() -> None:
    lines = [*LINES, "    modes: {flow: [a, b]}", "    orders: {B: {flow=b: [k, i]}}"]
    turned = load_target("\n".join(lines)).instruction("dot").under((("flow", "b"),))
    assert turned.implementation is not None
    assert "s32(B[2*h, i])" in str(turned.implementation.einsums[0])
    assert turned.operand("B").layout == load_target("\n".join(LINES)).instruction("dot").operand("B").layout


def test_the_axis_of_the_instruction_serves_where_no_dimension_does() -> None:
    lines = [*LINES]
    lines[15:20] = ["      {statements: 'C[i] += s32(A[(k+1)%4]) * s32(B[i,(k+1)%4])'}"]
    done = load_target("\n".join(lines)).instruction("dot").implementation
    assert done is not None
    assert [str(axis) for axis in done.einsums[0].axes] == ["i=16", "k=4"]


def test_the_shape_of_an_intermediate_result_comes_before_the_axis_of_the_instruction() -> None:
    lines = [*LINES]
    lines[17:20] = ["        - T[i,k] = s16(A[2*k])", "        - C[i] += s32(T[i,h])"]
    done = load_target("\n".join(lines)).instruction("dot").implementation
    assert done is not None
    assert [str(axis) for axis in done.einsums[0].axes] == ["i=16", "k=2"]


def test_the_schema_knows_the_keys() -> None:
    found = schema("hardware")["$defs"]
    assert {"implementation", "ranges", "layouts"} <= found["InstructionShape"]["properties"].keys()
    assert set(found["ImplementationShape"]["properties"]) == {"intermediates", "statements", "axes"}


@pytest.mark.parametrize(
    ("line", "text", "said"),  # ^ stands before the place that is reported
    [
        (16, "      ^intermediate: {}", f"{INNER}.intermediate: expected a key of axes intermediates statements"),
        (16, "      intermediates: {T: ^s16}",
         f'{INNER}.intermediates.T: expected NAME: "type[extents]", as in T: "s16[i, 2]", got T: \'s16\''),
        (16, '      intermediates: {T: ^"s17[i, 2]"}', f"{INNER}.intermediates.T: expected a type (bool s4 u4"),
        (16, '      intermediates: {T: ^"s16[z, 2]"}', f"{INNER}.intermediates.T: expected one of i k step, got 'z'"),
        (16, '      intermediates: {T: ^"s16[i, 0]"}',
         f"{INNER}.intermediates.T: expected a whole number of at least 1, got 0"),
        (16, '      intermediates: {T: "s16[i, 2]", ^A: "s16[i]"}',
         f"{INNER}.intermediates.A: expected a name beside A B C T, got 'A'"),
        (18, "        - ^T[i,h] = s16(A[2*h]) + s32(B[i,2*h])",
         f"{INNER}.statements.0: expected one type on both sides, got s16 and s32"),
        (18, "        - ^T[i,h] = s32(A[2*h])", f"{INNER}.statements.0: expected s16, the type of T, got s32"),
        (18, "        - ^T[i,h] = s16(A[2*h+2])",
         f"{INNER}.statements.0: expected an index in 0..3 in A[2*h + 2], got 2*h + 2 in 2..4"),
        (18, "        - ^T[i] = s16(A[0]) * s16(B[i,0])",
         f"{INNER}.statements.0: expected 2 indices of T, got 1 in T[i]"),
        (18, "        - ^T[i,h] = s16(A[2*g])", f"{INNER}.statements.0: expected an extent for axis g, got none"),
        (18, "        - ^T[i,h] = s16(X[2*h])", f"{INNER}.statements.0: expected a tensor of A B C T, got 'X'"),
        (18, "        - ^T[i,h] = s16(A[k])",
         f"{INNER}.statements.0: expected every axis on the left of =, got k only on the right"),
        (18, "        - ^T[i,k//2] = s16(A[k])",
         f"{INNER}.statements.0: expected a left side that names each element once, got T[i, (k) // 2]"),
        (18, "        - ^T[i,h] = s16(A[2*h]) * imm(scale)",
         f"{INNER}.statements: expected an immediate of the meaning (none), got 'scale'"),
        (19, "        - T[i,h] = s16(A[2*h])", f"{INNER}.statements: expected a statement that writes C"),
        (19, "        - ^C[i += s32(T[i,h])", f"{INNER}.statements.1: expected an expression"),
        (20, "      axes: {h: ^k/3}",
         f"{INNER}.axes.h: expected a whole number of at least 1, got 4/3; k/3 where k = 4"),
        (21, "    ranges: {^Z: [0, 1]}", f"{DOT}.ranges.Z: expected an operand of A B C, got 'Z'"),
        (21, "    ranges: {A: ^[0]}", f"{DOT}.ranges.A: expected [least, greatest] value, got a list of 1"),
        (21, "    ranges: {A: ^[0, 256]}",
         f"{DOT}.ranges.A: expected [least, greatest] within [0, 255] of u8, got [0, 256]"),
        (21, "    ranges: {A: ^[9, 3]}",
         f"{DOT}.ranges.A: expected [least, greatest] within [0, 255] of u8, got [9, 3]"),
        (21, "    ranges: {A: ^[0, 1.5]}", f"{DOT}.ranges.A: expected a whole number, got 1.5"),
        (22, '    layouts: {^Z: "[k]"}', f"{DOT}.layouts.Z: expected an operand of A B C, got 'Z'"),
        (22, '    layouts: {B: ^"k, i"}', f"{DOT}.layouts.B: expected [index, ...], as in [k//4, i, k%4], got 'k, i'"),
        (22, '    layouts: {B: ^"[k, j]"}', f"{DOT}.layouts.B: expected an axis of B (i k), got 'j'"),
        (22, '    layouts: {B: ^"[k]"}', f"{DOT}.layouts.B: expected every axis of B (i k), got [k] without i"),
        (22, '    layouts: {B: ^"[k//2, i]"}', f"{DOT}.layouts.B: expected a place of its own for each element, got"),
        (22, '    layouts: {B: ^"[i*k, k]"}', f"{DOT}.layouts.B: expected an affine index"),
    ],
)  # fmt: skip
def test_one_mistake(line: int, text: str, said: str) -> None:
    lines = [*LINES]
    lines[line - 1] = text.replace("^", "")
    with pytest.raises(SpecError) as caught:
        load_target("\n".join(lines) + "\n")
    found = [f"{d.line}:{d.column}: {d.fault}" for d in caught.value.diagnostics]
    assert len(found) == 1, found
    assert said in found[0]
    if "^" in text and "statements: expected" not in said:
        assert found[0].startswith(f"{line}:{text.index('^') + 1}: ")


def test_an_operand_that_only_the_implementation_writes() -> None:
    lines = [*LINES, ""]
    lines[18:20] = ["        - C[i] += s32(T[i,h])", "        - B[i,k] = s8(0)", "      axes: {h: 2}"]
    with pytest.raises(SpecError, match="expected only C of the operands on the left, as in the meaning, got 'B'"):
        load_target("\n".join(lines))
