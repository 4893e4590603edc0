"""Each mistake that a hardware file can hold, with line, column and message; and many at once."""

from __future__ import annotations

import pytest

from isamap.spec import SpecError, load_target

LINES = [
    "name: m",  # 1
    "clock: 1 GHz",
    "parameters: {kib: 64}",
    "memories:",
    "  dram: {capacity: 1 GiB}",  # 5
    "  spad: {capacity_bytes: 1024*kib, ports: {read: 64 B/cycle}}",
    "buses: {bus: 16 B/cycle}",
    "channels: {dma: {count: 1}}",
    "transfers:",
    "  load: {from: dram, to: spad, channel: dma, uses: [bus], cost_cycles: ceil(bytes/16)}",  # 10
    "units: {array: {count: 1}}",
    "instructions:",
    "  mac:",
    "    unit: array",
    "    axes: {i: [1, 16], k: [1, 64]}",  # 15
    '    operands: {A: "s16[i,k] @ spad", B: "s16[k] @ spad", C: "s16[i] @ spad"}',
    "    strides: {default: one_per_axis}",
    "    meaning: C[i] += A[i,k] * B[k]",
    "    initialise: optional",
    "    initiation_interval_cycles: k",  # 20
    "    latency_cycles: {default: k, C: 1}",
    "    uses: [spad.read]",
    "    modes: {flow: [os, ws]}",
    "    energy_pj: 2*i*k",
]
MAC = "instructions.mac"
UNITS = "B KiB MiB GiB kB MB GB"
TYPES = "bool s4 u4 s8 u8 s16 u16 s32 u32 s64 u64 f16 bf16 f32 f64"
RULES = "'per_kernel_axis', 'one_per_axis', 'unit_innermost', 'contiguous' or 'any'"


def mistakes(*changes: tuple[int, str]) -> list[str]:
    """What is said of the machine where lines are replaced (beyond the last: added)."""
    lines = [*LINES, *[""] * 3]
    for number, line in changes:
        lines[number - 1] = line
    with pytest.raises(SpecError) as caught:
        load_target("\n".join(lines) + "\n")
    return [f"{d.line}:{d.column}: {d.fault}" for d in caught.value.diagnostics]


def test_the_machine_is_right_without_changes() -> None:
    assert load_target("\n".join(LINES)).name == "m"


@pytest.mark.parametrize(
    ("line", "text", "said"),  # ^ stands before the place that is reported
    [
        # keys and shapes
        (7, "^busses: {bus: 16 B/cycle}", "busses: expected a key of buses channels clock comment description"),
        (6, "  spad: {^capacity_byte: 1024*kib, ports: {read: 64 B/cycle}}",
         "memories.spad.capacity_byte: expected a key of alignment alignment_bytes banks capacity capacity_bytes"),
        (25, "    ^emitt: x", f"{MAC}.emitt: expected a key of axes emit energy_pj"),
        (8, "channels: {dma: ^1}", "channels.dma: expected a mapping, got 1"),
        (14, "    unit: ^[array]", f"{MAC}.unit: expected text, got a list"),
        (19, "    initialise: ^maybe", f"{MAC}.initialise: expected 'never', 'optional' or 'always',"),
        (25, "issue: ^both", "issue: expected 'queued' or 'static', got 'both'"),
        # quantities
        (2, "clock: ^1 GB", "clock: expected a quantity with a unit of Hz kHz MHz GHz, got '1 GB'"),
        (2, "clock: ^1000", "clock: expected a quantity (a number and a unit, as in 64 KiB or 1 GHz), got 1000"),
        (5, "  dram: {capacity: ^1 gib}",
         f"memories.dram.capacity: expected a quantity with a unit of {UNITS}, got '1 gib'; did you mean 'GiB'?"),
        (5, "  dram: ^{capacity: 1 GiB, capacity_bytes: 3}", None),
        (5, "  dram: ^{banks: 2}", "memories.dram: expected the key capacity (64 KiB) or capacity_bytes (an exp"),
        (5, "  dram: {capacity: ^0 B}", "memories.dram.capacity: expected a whole number of at least 1, got 0"),
        (5, "  dram: {capacity: 1 GiB, banks: ^3}",
         "memories.dram.banks: expected banks of equal size in 1073741824 B, got 3"),
        (7, "buses: {bus: ^16 B}", "buses.bus: expected a quantity with a unit of B/cycle, got '16 B'"),
        (7, "buses: {bus: ^0}", "buses.bus: expected a whole number of B/cycle of at least 1, got 0"),
        (7, "buses: {bus: ^kib/128}",
         "buses.bus: expected a whole number of B/cycle of at least 1, got 1/2; kib/128 where kib = 64"),
        # parameters
        (3, "parameters: {kib: ^64 KiB}", "parameters.kib: expected a number, got '64 KiB'"),
        (3, "parameters: {kib: 64, ^i: 3}", "parameters.i: expected a name of its own, got 'i'"),
        (3, "parameters: {kib: 64, ^bytes: 3}", "parameters.bytes: expected a name of its own, got 'bytes'"),
        (3, "parameters: {kib: 64, x: ^.nan}", "parameters.x: expected a finite number, got nan"),
        (3, "parameters: {kib: 64, ^two words: 1}", "parameters.two words: expected a name of letters"),
        # costs
        (10, "  load: {from: dram, to: spad, channel: dma, cost_cycles: ^ceil(bites/16)}",
         "transfers.load.cost_cycles: expected a name of bytes border_bytes rows kib, got 'bites'; did you mean"),
        (10, "  load: {from: dram, to: spad, channel: dma, cost_cycles: ^ceil(bytes/0)}",
         "transfers.load.cost_cycles: expected a number, got 'bytes / 0'"),
        (20, "    initiation_interval_cycles: ^kk",
         f"{MAC}.initiation_interval_cycles: expected a name of i k initialise kib, got 'kk'; did you mean 'k'"),
        (20, "    initiation_interval_cycles: ^ceiling(k)",
         f"{MAC}.initiation_interval_cycles: expected a function (neg ceil floor max"),
        (20, "    initiation_interval_cycles: ^k - 8",
         f"{MAC}.initiation_interval_cycles: expected a cost of at least 0 cycles, got k - 8 = -7"),
        (20, "    initiation_interval_cycles: ^3 ns",
         f"{MAC}.initiation_interval_cycles: expected a quantity with a unit of cycles cycle, got '3 ns'"),
        (24, "    energy_pj: ^i - 2", f"{MAC}.energy_pj: expected an energy of at least 0 pJ, got i - 2 = -1"),
        (24, "    energy_pj: ^5 pJ",
         f"{MAC}.energy_pj: expected a number or an expression without a unit, got '5 pJ'"),
        (21, "    latency_cycles: ^{C: 1}", f"{MAC}.latency_cycles: expected the key default, got only C"),
        (21, "    latency_cycles: {default: k, ^D: 1}",
         f"{MAC}.latency_cycles.D: expected an operand of default A B C, got 'D'"),
        # axes and operands
        (15, "    axes: {i: ^[16, 1], k: [1, 64]}",
         f"{MAC}.axes.i: expected [least, greatest] extent, got [16, 1]"),
        (15, "    axes: {i: ^[16], k: [1, 64]}",
         f"{MAC}.axes.i: expected an extent, or [least, greatest], got a list of 1"),
        (16, '    operands: {A: "s16[i,k] @ spad", B: ^"s16[k]", C: "s16[i] @ spad"}',
         'instructions.mac.operands.B: expected NAME: "type[axes] @ memory"'),
        (16, '    operands: {A: "s16[i,k] @ spad", B: ^"s16[z] @ spad", C: "s16[i] @ spad"}',
         f"{MAC}.operands.B: expected an axis of i k, got 'z'"),
        (16, '    operands: {A: "s16[i,k] @ spad", B: ^"s17[k] @ spad", C: "s16[i] @ spad"}',
         f"{MAC}.operands.B: expected a type ({TYPES}), got 's17'; did you mean 's16'?"),
        (16, '    operands: {A: "s16[i,k] @ spad", B: ^"s16[k] @ spat", C: "s16[i] @ spad"}',
         f"{MAC}.operands.B: expected a memory of dram spad, got 'spat'; did you mean 'spad'?"),
        (16, '    operands: {A: "s16[i,k] @ spad", B: "s16[k] @ spad", C: "s16[i] @ spad", ^D: "s16[i] @ spad"}',
         f"{MAC}.operands.D: expected an operand that the meaning mentions, got 'D'"),
        (16, '    operands: {A: "s16[i,k] @ spad", B: ^"s8[k] @ spad", C: "s16[i] @ spad"}', None),
        (17, "    strides: ^any_rule", f"{MAC}.strides: expected {RULES} or a mapping, got 'any_rule'"),
        (17, "    strides: {default: any, ^Z: [1]}",
         f"{MAC}.strides.Z: expected an operand of default A B C, got 'Z'"),
        (17, "    strides: {default: any, A: ^[1]}", f"{MAC}.strides.A: expected 2 strides, one per axis, got 1"),
        # meaning
        (18, "    meaning: ^C[i] += A[i,k] * D[k]", f"{MAC}.meaning: expected a tensor of A B C, got 'D'"),
        (18, "    meaning: ^C[i] += A[k,i] * B[k]",
         f"{MAC}.meaning: expected A[i, k], as under operands, got 'A[k, i]'"),
        (18, "    meaning: [^'C[i] += s32(A[i,k]) * s32(B[k])']",
         f"{MAC}.meaning.0: expected s16, the type of C, got s32 on the right side; cast it: s16(...)"),
        (18, "    meaning: ^C[i] += A[i,k] * s8(B[k])",
         f"{MAC}.meaning: expected one type on both sides, got s16 and s8"),
        (18, "    meaning: ^C[i] += A[i,k] * B[k", f"{MAC}.meaning: expected an expression"),
        (25, "    legal_modes: [{^flw: os}]", f"{MAC}.legal_modes.0.flw: expected a mode of flow, got 'flw'"),
        (25, "    legal_modes: [^{}]", f"{MAC}.legal_modes.0: expected a choice of each of flow, got none of flow"),
        (23, "    modes: {flow: ^[]}", f"{MAC}.modes.flow: expected at least one choice, each once, got none"),
        (23, "    modes: {flow: ^[os, os]}", f"{MAC}.modes.flow: expected at least one choice, each once, got os os"),
        (23, "    modes: {flow: ^os}", f"{MAC}.modes.flow: expected a list, got 'os'"),
        (25, "    orders: {^Z: {flow=os: [k, i]}}", f"{MAC}.orders.Z: expected an operand of A B C, got 'Z'"),
        (25, "    orders: {A: {^flow=is: [k, i]}}",
         f"{MAC}.orders.A.flow=is: expected MODE=CHOICE, one of flow=os flow=ws, got 'flow=is'"),
        (25, "    orders: {A: {^flow: [k, i]}}", f"{MAC}.orders.A.flow: expected MODE=CHOICE, one of flow=os flow=ws"),
        (25, "    orders: {A: {flow=os: ^[k]}}", f"{MAC}.orders.A.flow=os: expected the axes i k, got k"),
        (25, "    orders: {A: {flow=os: ^[k, z]}}", f"{MAC}.orders.A.flow=os: expected the axes i k, got k z"),
        (25, "    orders: {A: ^[k, i]}", f"{MAC}.orders.A: expected a mapping, got a list"),
        (25, "    legal_modes: [{flow: ^is}]", f"{MAC}.legal_modes.0.flow: expected a choice of os ws, got 'is'"),
        # references
        (14, "    unit: ^aray", f"{MAC}.unit: expected a unit of array dma, got 'aray'; did you mean 'array'?"),
        (22, "    uses: [^spad.reed]",
         f"{MAC}.uses: expected a port or bus of bus spad.read, got 'spad.reed'; did you mean 'spad.read'?"),
        (22, "    uses: {^spad.reed: 3}", f"{MAC}.uses: expected a port or bus of bus spad.read, got 'spad.reed'"),
        (10, "  load: {from: ^drm, to: spad, channel: dma, cost_cycles: 1}", None),
        (10, "  load: {from: dram, to: spad, channel: ^dmaa, cost_cycles: 1}",
         "transfers.load.channel: expected a channel of dma, got 'dmaa'; did you mean 'dma'?"),
        (10, "  load: {from: dram, to: spad, channel: dma, cost_cycles: 1, block: ^[4, 4]}",
         "transfers.load.block: expected at most 1 extents (dimensions: 1), got 2"),
        (10, "  load: {from: dram, to: spad, channel: dma, cost_cycles: 1, meaning: ^'S[i] = D[i]'}",
         "transfers.load.meaning: expected D[i,j,...] = a value of S[i,j,...]"),
        (10, "  load: {from: spad, to: dram, channel: dma, cost_cycles: 1}", None),
    ],
)  # fmt: skip
def test_one_mistake(line: int, text: str, said: str | None) -> None:
    found = mistakes((line, text.replace("^", "")))
    if said is not None:
        assert found[0].startswith(f"{line}:{text.index('^') + 1}: {said}")
        assert len(found) == 1


def test_memories_that_nothing_joins() -> None:
    found = mistakes((10, "  load: {from: spad, to: dram, channel: dma, cost_cycles: 1}"))
    assert found[0].startswith("16:19: instructions.mac.operands.A: expected a memory that data from dram can reach")
    assert len(found) == 3


def test_both_spellings_of_a_capacity() -> None:
    assert mistakes((5, "  dram: {capacity: 1 GiB, capacity_bytes: 3}")) == [
        "5:20: memories.dram.capacity: expected one of capacity and capacity_bytes, got both"
    ]


def test_all_mistakes_at_once() -> None:
    found = mistakes(
        (2, "clock: 1 MB"),
        (3, "parameters: {kib: 64 KiB}"),
        (7, "buses: {bus: 16 B/s, extra: {}}"),
        (10, "  load: {from: drm, to: spad, channel: dma, uses: [bus], cost_cycles: ceil(byte/16), colour: red}"),
        (14, "    unit: aray"),
        (18, "    meaning: C[i] += A[i,k] * X[k]"),
        (22, "    uses: [spad.write]"),
        (24, "    energy_pj: j"),
    )
    assert [" ".join(each.split(": ")[:2]) for each in found] == [
        "2:8 clock", "3:19 parameters.kib", "7:14 buses.bus", "7:29 buses.extra", "10:16 transfers.load.from",
        "10:71 transfers.load.cost_cycles", "10:86 transfers.load.colour", "14:11 instructions.mac.unit",
        "18:14 instructions.mac.meaning", "22:12 instructions.mac.uses", "24:16 instructions.mac.energy_pj",
    ]  # fmt: skip


def test_a_wrong_memory_is_reported_once() -> None:
    assert len(mistakes((6, "  spad: {capacity: 3 KIB, ports: {read: 64 B/cycle}}"))) == 1
    assert len(mistakes((6, "  spad: 3"))) == 1
    assert len(mistakes((3, "parameters: {kib: x}"))) == 1


CARRY = "  load: {from: dram, to: spad, channel: dma, dimensions: 2, cost_cycles: 1, meaning: '"
FORM = "expected D[i,j,...] = a value of S[i,j,...], over plain axes"


@pytest.mark.parametrize(
    ("meaning", "said"),
    [
        ("D[i] = S[i]", "expected 2 axes, as dimensions says, got i"),
        ("D[i,j,k] = S[i,j,k]", "expected 2 axes, as dimensions says, got i j k"),
        ("D[i,j] = S[j,i]", FORM),
        ("D[i,j] += S[i,j]", FORM),
        ("D[i,j] max= S[i,j]", FORM),
        ("D[2*i,j] = S[2*i,j]", FORM),
        ("D[i,j] = S[i,j] + S[j,i]", FORM),
        ("D[i,j] = imm(fill)", FORM),
        ("D[i,j] = X[i,j]", "expected a tensor of D S, got 'X'"),
        ("E[i,j] = S[i,j]", "expected a tensor of D S, got 'E'"),
        ("D[i,j] = S[i,j] * imm(3)", "expected imm(NAME), a number that each issue brings, got 'imm(3)'"),
        ("D[i,j] = S[i,j] * imm(a, b)", "expected imm(NAME), a number that each issue brings, got 'imm(a, b)'"),
        ("D[i,j] = S[i,j] *", "expected an expression"),
    ],
)
def test_what_a_transfer_cannot_mean(meaning: str, said: str) -> None:
    assert LINES[9].startswith("  load:")
    (found,) = mistakes((10, f"{CARRY}{meaning}'}}"))
    assert found.startswith(f"10:{len(CARRY)}: transfers.load.meaning: {said}"), found


def test_a_meaning_has_as_many_axes_as_its_block() -> None:
    (found,) = mistakes((10, CARRY.replace("cost", "block: [16, 16], cost") + "D[i] = S[i]'}"))
    assert "transfers.load.meaning: expected 2 axes, as block says, got i" in found


def test_modes_orders_and_immediates_are_read() -> None:
    lines = [*LINES, "    orders: {A: {flow=os: [k, i]}}", "    legal_modes: [{flow: ws}]"]
    lines[9] = CARRY + "D[i,j] = max(S[i,j] * imm(scale), 0)'}"
    target = load_target("\n".join(lines))
    mac = target.instruction("mac")
    assert mac.operand("A").orders == (("flow", "os", ("k", "i")),)
    assert mac.combinations == ((("flow", "ws"),),)
    assert target.transfer("load").immediates == ("scale",)
    assert mac.immediates == ()
