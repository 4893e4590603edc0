"""``isamap map --composites``: rewrites and groups, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from isamap.cli import app

KERNEL = """\
name: biased
sizes: {M: 8, N: 8, K: 4}
tensors:
  A: {dtype: s16, shape: [M, K]}
  B: {dtype: s16, shape: [K, N]}
  b: {dtype: s16, shape: [N]}
  C: {dtype: s16, shape: [M, N]}
  D: {dtype: s16, shape: [M, N]}
einsums:
  - C[m,n] += A[m,k] * B[k,n]
  - D[m,n] = max(C[m,n] + b[n], 0)
"""
MACHINE = """\
name: both
memories: {dram: {capacity: 1 MiB}, local: {capacity: 4 KiB}}
channels: {dma: {count: 1}}
transfers:
  load: {from: dram, to: local, channel: dma, dimensions: 2, cost_cycles: bytes}
  store: {from: local, to: dram, channel: dma, dimensions: 2, cost_cycles: bytes}
units: {array: {count: 1}}
instructions:
  layer:
    unit: array
    axes: {i: [1, 8], j: [1, 8], k: [1, 4]}
    operands:
      A: "s16[i,k] @ local"
      B: "s16[k,j] @ local"
      C: "s16[i,j] @ local"
      b: "s16[j] @ local"
      D: "s16[i,j] @ local"
    meaning: ["C[i,j] += A[i,k] * B[k,j]", "D[i,j] = max(C[i,j] + b[j], 0)"]
    initialise: always
    initiation_interval_cycles: 8
    latency_cycles: 8
"""


def mapped(*arguments: str) -> dict[str, Any]:
    ran = CliRunner().invoke(app, ["map", *arguments, "--composites", "--json"])
    assert ran.exit_code == 0, ran.output
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_a_depthwise_convolution_as_a_band() -> None:
    found = mapped("p16/dw", "p16", "--instruction", "mac")
    assert (found["count"], found["groups"]) == (0, [])
    first = found["composites"][0]
    assert (first["rules"], first["proved"], first["utilisation"]) == (["banded"], True, pytest.approx(0.25))
    assert [part["instruction"] for part in first["parts"]] == ["mac"]


def test_signed_bytes_on_an_unsigned_instruction() -> None:
    found = mapped("gemm", "x86_avx512", "--instruction", "vpdpbusd", "--set", "in=s8")
    assert found["count"] == 0
    assert "see --composites" in " ".join(found["why_not"][0]["repairs"])
    first = found["composites"][0]
    assert (first["rules"], first["proved"]) == (["shifted"], True)
    assert [part["instruction"] for part in first["parts"]] == ["vpxord_128", "vpdpbusd", "vpdpbusd", "vpsubd"]


def test_two_einsums_in_one_instruction(tmp_path: Path) -> None:
    kernel, machine = tmp_path / "biased.yaml", tmp_path / "both.yaml"
    kernel.write_text(KERNEL)
    machine.write_text(MACHINE)
    found = mapped(str(kernel), str(machine))
    (group,) = found["groups"]
    assert (group["instruction"], group["einsums"], group["proved"]) == ("layer", [0, 1], True)
    assert group["matches"][1]["axes"] == {"i": ["m"], "j": ["n"]}
    ran = CliRunner().invoke(app, ["map", str(kernel), str(machine), "--composites"])
    assert ran.exit_code == 0
    assert "einsums 0 and 1 together on layer" in ran.stdout


def test_nothing_fits_also_with_rewrites() -> None:
    ran = CliRunner().invoke(app, ["map", "softmax", "p16", "--composites", "--json"])
    assert ran.exit_code == 3
    found = json.loads(ran.stdout)
    assert (found["composites"], found["groups"]) == ([], [])
