"""Hardware files -> targets: every bundled one, parameters, and what a file can say."""

from __future__ import annotations

import pytest

from isamap.errors import InputError
from isamap.ir.hardware import Queue, Resource, Use, cycles
from isamap.spec import SpecError, bundled, load_target

FULL = """
name: full
clock: 2.5 GHz
issue: static
parameters: {kib: 2, width: 8, picojoules: 1.5}
memories:
  far: {capacity: 1 MB}
  near:
    capacity_bytes: 1024*kib
    alignment_bytes: width
    banks: 2*kib
    count: 4
    ports: {read: 2*width, write: 16 B/cycle}
    read_pj_per_byte: picojoules/2
  cache: {kind: cache, capacity: 32 KiB, alignment: 64 B}
buses: {bus: 32 B/cycle, wide: 64}
channels: {in: {count: 2}, out: {}}
transfers:
  load:
    from: far
    to: near
    channel: in
    uses: {bus: width, near.write: 4 B/cycle}
    cost_cycles: ceil(bytes/(2*width))
    latency_cycles: 7 cycles
    dimensions: 2
    block: [width, 16]
    strides: {source: unit_innermost}
    energy_pj: picojoules*bytes
    meaning: D[i,j] = s32(S[i,j]) * 3
    multicast: 4
  store: {from: near, to: far, channel: out, cost_cycles: 1}
units: {mac: {count: kib}}
instructions:
  dot:
    unit: mac
    axes: {i: [1, width], k: 4}
    operands: {X: "s8[i,k] @ near", Y: "s8[k] @ near", Z: "s32[i] @ near"}
    strides: {default: unit_innermost, Z: [width]}
    meaning: ["Z[i] += s32(X[i,k]) * s32(Y[k])"]
    initialise: optional
    initiation_interval_cycles: ceil(i/width) + 4 - 4
    latency_cycles: {default: 3, Z: 1}
    energy_pj: picojoules*i + initialise/2
    uses: [near.read]
    modes: {flow: [os, ws], turn: [0, 1]}
    legal_modes: [{flow: os, turn: 1}, {flow: ws, turn: 0}]
    issue_slots: [s0, s1]
    emit: llvm.dot
    source: here
"""


@pytest.mark.parametrize("name", sorted(bundled("hardware")))
def test_every_bundled_machine_loads(name: str) -> None:
    target = load_target(bundled("hardware")[name])
    assert target.name == name.rpartition("/")[2]
    assert target == load_target(name)


def test_p16() -> None:
    target = load_target("p16")
    assert [m.capacity_bytes for m in target.memories] == [1 << 30, 65536, 1024]
    assert target.memory("acc").bank_bytes == 512
    assert target.ports == (Resource("spad.aread", 64), Resource("spad.awrite", 64), Resource("spad.dma", 16))
    assert target.clock_hz == 10**9
    mac = target.instruction("mac")
    assert [str(axis) for axis in mac.axes] == ["i=1..16", "j=1..16", "k=1..4096"]
    assert [operand.strides for operand in mac.operands] == ["per_kernel_axis", "per_kernel_axis", (16, 1)]
    assert cycles(mac.initiation_interval_cycles, {"k": 9}) == 9
    assert mac.occupancy_cycles == mac.initiation_interval_cycles
    assert mac.emit is None
    vmac = target.instruction("vmac")
    assert str(vmac.latency_cycles) == "ceil(k * (i * j + j) / 32)"
    assert cycles(target.transfer("load").cost_cycles, {"bytes": 33}) == 3
    assert target.transfer("load").uses == (Use("bus"), Use("spad.dma"))


def test_parameters_reach_every_expression() -> None:
    target = load_target("p16", {"spad_kib": 128, "bus_bytes_per_cycle": 32, "array_rows": 32})
    assert target.memory("spad").capacity_bytes == 128 << 10
    assert target.ports[0].bytes_per_cycle == 96
    assert str(target.transfer("load").cost_cycles) == "ceil(bytes / 32)"
    assert target.instruction("mac").axes[0].most == 32
    assert dict(target.parameters)["spad_kib"] == 128


def test_everything_that_a_file_can_say() -> None:
    target = load_target(FULL)
    far, near, cache = target.memories
    assert (far.capacity_bytes, near.capacity_bytes, cache.capacity_bytes) == (10**6, 2048, 32768)
    assert (near.alignment_bytes, near.banks, near.count, near.read_pj_per_byte) == (8, 4, 4, 0.75)
    assert (near.write_pj_per_byte, cache.kind) == (None, "cache")
    assert target.issue == "static"
    assert target.clock_hz == 2_500_000_000
    assert target.ports == (Resource("near.read", 16), Resource("near.write", 16))
    assert target.buses == (Resource("bus", 32), Resource("wide", 64))
    assert target.channels == (Queue("in", 2), Queue("out", 1))
    assert target.units == (Queue("mac", 2),)


def test_a_transfer() -> None:
    load = load_target(FULL).transfer("load")
    assert load.uses == (Use("bus", 8), Use("near.write", 4))
    assert (str(load.cost_cycles), str(load.latency_cycles), str(load.energy_pj)) == (
        "ceil(bytes / 16)", "7", "1.5 * bytes",
    )  # fmt: skip
    assert (load.dimensions, load.block, load.multicast) == (2, (8, 16), 4)
    assert (load.source_strides, load.destination_strides) == ("unit_innermost", "any")
    assert str(load.meaning) == "D[i, j] = s32(S[i, j]) * 3 for i=8, j=16"


def test_an_instruction() -> None:
    dot = load_target(FULL).instruction("dot")
    assert str(dot.meaning[0]) == "Z[i] += s32(X[i, k]) * s32(Y[k]) for i=1..8, k=4"
    assert [o.strides for o in dot.operands] == ["unit_innermost", "unit_innermost", (8,)]
    assert (str(dot.latency_cycles), [(n, str(c)) for n, c in dot.operand_latency_cycles]) == ("3", [("Z", "1")])
    assert str(dot.energy_pj) == "1.5 * i + initialise / 2"
    assert dot.modes == (("flow", ("os", "ws")), ("turn", ("0", "1")))
    assert dot.legal_modes == ((("flow", "os"), ("turn", "1")), (("flow", "ws"), ("turn", "0")))
    assert (dot.issue_slots, dot.emit, dot.source) == (("s0", "s1"), "llvm.dot", "here")


def test_gathers_and_two_outputs() -> None:
    text = (
        FULL[: FULL.index("instructions:")]
        + """
instructions:
  top:
    unit: mac
    axes: {i: [1, 4], k: [1, 8]}
    operands: {X: "f32[i,k] @ near", m: "f32[i] @ near", a: "s32[i] @ near"}
    meaning: m[i], a[i] argmax= X[i,k]
    initiation_interval_cycles: k
    latency_cycles: k
  look:
    unit: mac
    axes: {i: [1, 4], n: [1, 256]}
    operands: {T: "u8[n] @ near", X: "s32[i] @ near", Y: "u8[i] @ near"}
    meaning: Y[i] = T[X[i]]
    initiation_interval_cycles: i
    latency_cycles: i
"""
    )
    target = load_target(text)
    assert target.instruction("top").written == ("m", "a")
    assert target.instruction("look").meaning[0].axes[0].most == 4


def test_wrong_parameters_name_the_setting() -> None:
    with pytest.raises(SpecError) as caught:
        load_target(FULL, {"kib": "big"})
    assert str(caught.value) == "<text>: --set kib=big: parameters.kib: expected a number, got 'big'"
    with pytest.raises(SpecError, match=r"expected a whole number of B of at least 1, got 0; 1024\*kib where kib = 0"):
        load_target(FULL, {"kib": 0})
    with pytest.raises(InputError, match="of kib width picojoules, got 'kiB'; did you mean 'kib'"):
        load_target(FULL, {"kiB": 3})
