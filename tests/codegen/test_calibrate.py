"""Measuring this CPU: what is run is what it has, and figures stand to each other as a core's must."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isamap.codegen import cpu, timing
from isamap.codegen.arena import Arena
from isamap.codegen.calibrate import calibrate
from isamap.codegen.cpu import DESCRIPTIONS, CacheSize, caches, description, features, one_core
from isamap.codegen.levels import block_bytes, linked
from isamap.codegen.stopwatch import Stopwatch
from isamap.codegen.templates import templates
from isamap.codegen.timing import Timer
from isamap.errors import InputError
from isamap.ir.calibration import Timing
from isamap.spec import calibrated, load_target

AVX512, AVX2 = DESCRIPTIONS
EVERY = frozenset({"avx512bf16"})  # what some templates need beside their description
SMALL = (CacheSize(1, 32 << 10, 64, 8), CacheSize(2, 256 << 10, 64, None), CacheSize(3, 2 << 20, 64, 16))
needs = {each.machine: [pytest.mark.isa(name) for name in each.features] for each in DESCRIPTIONS}
TEMPLATES = [
    pytest.param(
        each, name, id=f"{each.register}-{name}", marks=[*needs[each.machine], *map(pytest.mark.isa, t.features)]
    )
    for each in DESCRIPTIONS
    for name, t in templates(each.register, EVERY).items()
]  # fmt: skip


@pytest.mark.parametrize(("described", "name"), TEMPLATES)
def test_every_template_runs_on_this_cpu(described: cpu.Description, name: str) -> None:
    """Nothing that a core does takes less than an eighth of a cycle, nor these instructions more than a hundred; no
    result is there before the next instruction could begin."""
    template = templates(described.register, EVERY)[name]
    timer = Timer(described, Stopwatch(0.0005))
    found = timer.timing(name, template)
    for _ in range(40):  # on a busy machine
        if _plausible(found):
            break
        found = timer.timing(name, template)
    assert _plausible(found), found


def _plausible(found: Timing) -> bool:
    if found.latency_cycles is None:
        return 0.12 < found.interval_cycles < 100
    chained = found.chained_cycles or 1
    return 0.12 < found.interval_cycles < 1.5 * found.latency_cycles < 150 and chained < 1.2 * found.latency_cycles


@pytest.mark.parametrize("described", [pytest.param(each, marks=needs[each.machine]) for each in DESCRIPTIONS])
def test_a_whole_calibration(described: cpu.Description) -> None:
    found = calibrate(described, features(), SMALL, lambda stage: None, 0.001)
    assert 1e8 < found.clock_hz < 1e10
    l1, *_, main = found.levels
    assert [level.name for level in found.levels] == ["l1", "l2", "l3", "dram"]
    assert l1.read_bytes_per_cycle > main.read_bytes_per_cycle
    assert l1.latency_cycles < found.levels[1].latency_cycles < main.latency_cycles
    target = load_target(calibrated(found))
    names = {each.name for each in target.instructions}
    known = [name for name in templates(described.register, features()) if name in names]
    assert len(known) > 15
    for name in known:
        assert target.instruction(name).source.startswith("measured "), name
        assert cpu.cpu_name() in target.instruction(name).source


def test_what_a_cpu_does_not_have_is_never_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU of AVX2 alone: no wide register, no mask, no instruction of another set."""
    texts: list[str] = []

    class Assembled(Exception):
        """Instead of machine code."""

    def assembled(text: str, name: str, arguments: Any) -> None:
        texts.append(text)
        raise Assembled

    had = frozenset(AVX2.features)
    assert description(had) is AVX2
    monkeypatch.setattr("isamap.codegen.probe.compiled", assembled)
    for name, template in templates(AVX2.register, had).items():
        for build in (timing.loops.throughput, timing.loops.latency, timing.loops.round_trip):
            arguments = ("vmovq %xmm0, %rax",) if build is timing.loops.round_trip else ()
            with pytest.raises((Assembled, KeyError)):
                build(template.text, *arguments)
        assert not template.features, name
    assert len(texts) > 40
    assert not [text for text in texts for wide in ("zmm", "%k1", "1to", "vpdp", "vdpbf", "vmovdqu8") if wide in text]
    assert "vdpbf16ps" not in templates("zmm", frozenset(AVX512.features))


def test_the_best_description_that_fits() -> None:
    assert description(frozenset((*AVX512.features, *AVX2.features))) is AVX512
    assert description(frozenset((*AVX512.features[:3], *AVX2.features))) is AVX2
    with pytest.raises(InputError, match=r"host: expected a CPU with avx512f .*\(x86_avx2\), got .* with none of them"):
        description(frozenset({"neon"}))
    with pytest.raises(InputError, match="with avx2; name a machine"):
        description(frozenset({"avx2"}))


def _say(index: Path, **said: str) -> None:
    index.mkdir()
    for name, text in said.items():
        (index / name).write_text(text + "\n")


def test_caches_as_linux_tells_them(tmp_path: Path) -> None:
    line = {"coherency_line_size": "64"}
    _say(tmp_path / "index0", level="1", type="Data", size="48K", ways_of_associativity="12", **line)
    _say(tmp_path / "index1", level="1", type="Instruction", size="32K", ways_of_associativity="8", **line)
    _say(tmp_path / "index2", level="2", type="Unified", size="2M", ways_of_associativity="7", **line)
    assert caches(tmp_path) == (CacheSize(1, 48 << 10, 64, 12), CacheSize(2, 2 << 20, 64, None))
    (tmp_path / "index2" / "size").write_text("big")
    with pytest.raises(InputError, match=r"index2: expected the size, level, ways and line of a cache, got"):
        caches(tmp_path)
    with pytest.raises(InputError, match=r"cache sizes: expected them in .*, got none"):
        caches(tmp_path / "nowhere")


def test_blocks_lie_in_their_cache_and_not_in_the_one_before() -> None:
    sizes = [block_bytes(SMALL, level) for level in range(3)]
    assert sizes == [16 << 10, 96 << 10, 768 << 10]


def test_lines_make_one_cycle() -> None:
    arena = Arena(1 << 16)
    order = linked(arena.bytes, arena.address)
    words = arena.bytes.view(np.uint64)
    met, here = [], 0
    for _ in range(1 << 10):
        met.append(here)
        here = (int(words[here * 8]) - arena.address) // 64
    assert here == 0
    assert sorted(met) == sorted(order.tolist()) == list(range(1 << 10))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no core can be chosen here")
def test_the_cores_are_given_back() -> None:
    before = os.sched_getaffinity(0)
    seen = []

    def stopped() -> None:
        with one_core():
            seen.append(len(os.sched_getaffinity(0)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert seen == [1]
    assert os.sched_getaffinity(0) == before
