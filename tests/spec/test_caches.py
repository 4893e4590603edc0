"""Caches as data: ways, lines, latency; and what cannot be."""

from __future__ import annotations

import pytest

from isamap.errors import InvalidNoun
from isamap.ir.hardware import Memory
from isamap.spec import SpecError, load_target


@pytest.mark.parametrize("name", ["x86_avx512", "x86_avx2"])
def test_bundled_caches(name: str) -> None:
    caches = [m for m in load_target(name).memories if m.kind == "cache"]
    assert [(m.name, m.ways, m.line_bytes, m.sets) for m in caches] == [
        ("l3", None, 64, None), ("l2", 16, 64, 2048), ("l1", 12, 64, 64),
    ]  # fmt: skip
    latencies = [m.latency_cycles or 0 for m in load_target(name).memories if m.latency_cycles]
    assert latencies == sorted(latencies, reverse=True)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("kind: cache, capacity: 32 KiB, ways: ^7, line: 64 B",
         "ways: expected ways that share 512 lines out evenly, got 7"),
        ("kind: cache, capacity: 32 KiB, ways: 8, line: ^48 B", "line: expected a power of two, got 48"),
        ("kind: cache, capacity: 100 B, line: ^64 B", "line: expected lines that fill 100 B, got 64"),
        ("kind: cache, capacity: 32 KiB, ways: ^8",
         "ways: expected ways of lines whose size is said, got 8 and no line"),
        ("capacity: 32 KiB, ways: ^8", "ways: expected only where kind is cache, got 8"),
        ("capacity: 32 KiB, line: ^64 B", "line: expected only where kind is cache, got 64"),
        ("capacity: 32 KiB, line: ^64", "line: expected a quantity (a number and a unit"),
        ("kind: cache, capacity: 32 KiB, ways: ^0, line: 64 B", "ways: expected a whole number of at least 1, got 0"),
        ("capacity: 32 KiB, latency_cycles: ^0", "latency_cycles: expected a whole number of at least 1, got 0"),
        ("capacity: 32 KiB, latency_cycles: ^1/2", "latency_cycles: expected a whole number of at least 1, got 1/2"),
        ("kind: cache, capacity: ^0 B, ways: 8, line: 64 B", "capacity: expected a whole number of at least 1, got 0"),
    ],
)  # fmt: skip
def test_one_mistake(entry: str, said: str) -> None:
    before = "  l1: {"
    with pytest.raises(SpecError) as caught:
        load_target(f"name: m\nmemories:\n  dram: {{capacity: 1 GiB}}\n{before}{entry.replace('^', '')}}}\n")
    (found,) = caught.value.diagnostics
    assert f"{found.line}:{found.column}: {found.fault}".startswith(
        f"4:{len(before) + entry.index('^') + 1}: memories.l1.{said}"
    )


def test_parameters_reach_ways_and_latencies() -> None:
    text = "name: m\nparameters: {w: 4}\nmemories:\n  dram: {capacity: 1 GiB, latency_cycles: 100*w}\n"
    target = load_target(f"{text}  l1: {{kind: cache, capacity: 32 KiB, ways: w, line: 64 B}}", {"w": 16})
    assert (target.memory("dram").latency_cycles, target.memory("l1").sets) == (1600, 32)


def test_the_noun_refuses_as_well() -> None:
    with pytest.raises(InvalidNoun, match=r"memories.l1.ways: expected ways that share 512 lines"):
        Memory("l1", 32 << 10, "cache", ways=7, line_bytes=64)
    with pytest.raises(InvalidNoun, match=r"memories.l1.latency_cycles: expected at least 1"):
        Memory("l1", 32 << 10, "cache", latency_cycles=0)
