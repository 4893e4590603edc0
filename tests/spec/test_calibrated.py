"""A calibration as a hardware file: measured numbers where there are any, each saying so, and units counted anew."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from isamap.errors import InvalidNoun
from isamap.ir.calibration import Level, Roof, Timing
from isamap.ir.hardware import Queue, Resource, Use, cycles
from isamap.spec import calibrated, load_target, measured_on
from tests.calibrations import LEVELS, TWO_PIPES, calibration

HOST = load_target(calibrated(calibration()))
WIDE = load_target(calibrated(calibration(TWO_PIPES)))
BUNDLED = load_target("x86_avx512")


def test_it_is_the_description_with_other_numbers() -> None:
    assert HOST.name == "host"
    assert HOST.clock_hz == 3_680_000_000
    assert [(i.name, i.meaning, i.emit) for i in HOST.instructions] == [
        (i.name, i.meaning, i.emit) for i in BUNDLED.instructions
    ]


def test_caches_are_those_that_were_measured() -> None:
    found = [(m.name, m.kind, m.capacity_bytes, m.ways, m.line_bytes, m.latency_cycles) for m in HOST.memories]
    assert found == [
        ("dram", "explicit", 1 << 30, None, None, 572), ("l3", "cache", 32 << 20, None, 64, 56),
        ("l2", "cache", 1 << 20, 8, 64, 14), ("l1", "cache", 32 << 10, 8, 64, 4),
        ("zmm", "explicit", 2048, None, None, None),
    ]  # fmt: skip
    assert HOST.memory("l2").sets == 2048
    assert Resource("l2.write", 30) in HOST.ports
    assert Resource("dram.read", 9) in HOST.ports


@pytest.mark.parametrize(
    ("target", "name", "unit", "count", "interval", "latency"),
    [
        (HOST, "vfmadd231ps", "vector", 1, 1, 4),
        (HOST, "vpaddd", "vector_x2", 2, 1, 1),
        (HOST, "vpdpbusd", "vector", 1, 1, 5),
        (HOST, "vmovups_store", "store", 1, 2, 5),
        (HOST, "vbroadcastss", "load_x2", 2, 1, 7),
        (HOST, "vpmulld", "p0", 1, 2, 10),  # not measured
        (WIDE, "vfmadd231ps", "vector", 2, 1, 4),
        (WIDE, "vpaddd", "vector", 2, 1, 1),
        (WIDE, "vmulps", "vector", 2, 2, 4),
        (WIDE, "vpxord_128", "vector_x3", 3, 1, 1),
        (WIDE, "vpmovsdb", "p5", 1, 2, 6),
        (WIDE, "vmovups_load", "load", 2, 1, 8),
    ],
)
def test_intervals_become_pipes(target, name, unit, count, interval, latency) -> None:  # type: ignore[no-untyped-def]
    one = target.instruction(name)
    assert one.unit == unit
    assert Queue(unit, count) in target.units
    extents = {axis.name: axis.most for axis in one.axes} | {"initialise": 0}
    assert cycles(one.initiation_interval_cycles, extents) == interval
    assert cycles(one.latency_cycles, extents) == latency


def test_a_latency_per_operand_stays_one() -> None:
    one = HOST.instruction("vfmadd231ps_m32bcst")
    assert str(one.latency_cycles) == "10"
    assert [(name, str(cost)) for name, cost in one.operand_latency_cycles] == [("C", "4")]


def test_units_at_work_fill_the_ports_of_the_first_cache() -> None:
    assert {Resource("l1.read", 64), Resource("l1.write", 32)} < set(HOST.ports)
    assert HOST.instruction("vmovups_store").uses == (Use("l1.write", 32),)
    assert HOST.instruction("vbroadcastss").uses == (Use("l1.read", 32),)
    assert {Resource("l1.read", 128), Resource("l1.write", 64)} < set(WIDE.ports)
    assert WIDE.instruction("vmovups_load").uses == (Use("l1.read", 64),)


def test_every_number_says_where_it_is_from() -> None:
    file = YAML(typ="safe").load(calibrated(calibration()))
    of = "on Abacus 3 (znver9), 2026-01-31, by isamap calibrate (by hand)"
    assert file["instructions"]["vfmadd231ps"]["source"] == (
        f"measured latency 4.02 cycles, 1.00 cycles each, {of}; SDM VFMADD231PS."
    )
    assert "4.60 cycles, 3.98 through the accumulator" in file["instructions"]["vpdpbusd"]["source"]
    assert file["instructions"]["vpmulld"]["source"] == BUNDLED.instruction("vpmulld").source
    assert all(of in file["memories"][level.name]["source"] for level in LEVELS)
    assert all(file["units"][unit]["source"] for unit in file["units"])
    assert "vfmadd231ps 118 GF/s" in file["comment"]
    assert "vdivps: latency 11.00 cycles, 6.00 cycles each" in file["comment"]


def test_the_file_knows_its_cpu(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "h.yaml"
    file.write_text(calibrated(calibration()))
    assert measured_on(file) == "Abacus 3 (znver9)"
    file.write_text("name: x")
    assert measured_on(file) == ""


@pytest.mark.parametrize("figure", [0.0, -1.0, float("inf"), float("nan")])
def test_what_is_no_time_is_no_figure(figure: float) -> None:
    with pytest.raises(InvalidNoun, match="vaddps: expected a measured figure above 0"):
        Timing("vaddps", figure)
    with pytest.raises(InvalidNoun, match="l1: expected a measured figure above 0"):
        Level("l1", 4, figure, 1)


def test_the_better_of_two_passes() -> None:
    assert Roof("x", 100, "GF/s").quicker(Roof("x", 118, "GF/s")) == Roof("x", 118, "GF/s")
    assert Level("l", 5, 60, 20, 8).quicker(Level("l", 4, 50, 30, 8)) == Level("l", 4, 60, 30, 8)
