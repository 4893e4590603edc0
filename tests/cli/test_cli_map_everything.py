"""Bundled kernels on bundled machines: matches, or for every instruction a reason; at once, and never a crash."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from typer.testing import CliRunner

from isamap.cli import app

KERNELS = ["gemm", "conv1d", "depthwise_conv2d", "gemv", "causal_attention", "softmax", "max_pool2d", "p16/dw"]
MACHINES = ["tiles", "vliw4", "eyeriss", "x86_avx512", "neoverse_v2"]
WANTED = {
    ("gemm", "neoverse_v2"): True, ("gemm", "x86_avx512"): False, ("gemm", "vliw4"): True, ("p16/dw", "eyeriss"): True,
    ("gemv", "vliw4"): True, ("p16/dw", "vliw4"): False, ("conv1d", "vliw4"): True, ("softmax", "tiles"): False,
}  # fmt: skip


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_matches_or_reasons(kernel: str, machine: str) -> None:
    began = time.process_time()
    done = CliRunner().invoke(app, ["map", kernel, machine, "--json"])
    assert done.exit_code in (0, 3), done.output
    assert time.process_time() - began < 6, "a second or two on a machine of its own"
    record: dict[str, Any] = json.loads(done.stdout)
    matched = {match.get("einsum", 0) for match in record["matches"]}
    told = {why.get("einsum", 0) for why in record["why_not"]}
    assert (done.exit_code == 0) == (matched >= told), "every einsum has a match, or else that is said"
    for why in record["why_not"]:
        assert why["reasons"]
        assert all(sentence.strip() for sentence in (*why["reasons"], *why["repairs"]))
        assert len({*why["reasons"]}) == len(why["reasons"])
    for match in record["matches"]:
        assert match["proved"] in (True, False)
        assert 0 < match["cost"]["utilisation"] <= 1
        assert match["cost"]["cycles"] >= 0
    assert any(match["pareto"] for match in record["matches"]) == bool(record["matches"])
    if (kernel, machine) in WANTED:
        assert bool(record["matches"]) == WANTED[kernel, machine]
