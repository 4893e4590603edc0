"""Kernels that are compiled through a workload of the same meaning, and checked against the one that was asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from isamap.cli import app
from isamap.compile import compile_workload
from isamap.compiled import Compiled, Options
from isamap.judge import judge_program, least_bound, lower_bound
from isamap.report.page import render, run_again
from isamap.result import read_result, write_result
from isamap.spec import load_target, load_workload

SMALL = {"C": 3, "P": 16, "Q": 24}


@cache
def depthwise() -> Compiled:
    return compile_workload(load_workload("p16/dw", SMALL), load_target("p16"), Options(method="heuristic"))


def test_a_depthwise_convolution_runs_on_the_matrix_unit_as_a_band() -> None:
    answer = depthwise()
    assert answer.checked, answer.violations
    assert answer.performed != answer.work
    (step,) = answer.steps
    assert "W is a band" in step
    assert [binding.instruction.name for binding in answer.bindings] == ["mac"]
    channelwise = compile_workload(answer.work, answer.target, Options(method="heuristic", instruction="vmac"))
    assert channelwise.performed == channelwise.work
    assert channelwise.simulation.latency_cycles > answer.simulation.latency_cycles


def test_the_bound_holds_for_every_way() -> None:
    answer = depthwise()
    bounds = [lower_bound(work, answer.target, "latency") for work in (answer.work, answer.performed)]
    assert least_bound([answer.work, answer.performed], answer.target, "latency") == min(b for b in bounds if b)
    assert answer.solved.bound is not None
    assert answer.solved.bound <= answer.simulation.latency_cycles


def test_a_result_file_has_both_workloads(tmp_path: Path) -> None:
    path, answer = tmp_path / "r.json", depthwise()
    write_result(path, answer)
    read = read_result(path)
    assert (read.work, read.performed) == (answer.work, answer.performed)
    assert read.summary["rewritten"] == list(answer.steps)
    ran = CliRunner().invoke(app, ["simulate", str(path), "--json"])
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["checked"] is True
    assert "is a band" in render(run_again(read))


def test_a_rewrite_that_means_something_else_is_caught() -> None:
    """The program is right for the workload that it does, which is not the one that was asked for."""
    answer = depthwise()
    tensors = tuple(replace(t, border=1) if t.name == "I" else t for t in answer.work.tensors)
    other = replace(answer.work, tensors=tensors)
    _, found = judge_program(answer.program, answer.performed, answer.target, asked=other)
    assert [violation.rule for violation in found] == ["other-meaning"]


@pytest.mark.parametrize(
    ("kernel", "sizes"),
    [("p16/dw", {"C": 2, "P": 13, "Q": 8}), ("p16/dwpw", {"C": 4, "K": 8, "P": 8, "Q": 8})],
)
def test_other_sizes(kernel: str, sizes: dict[str, int]) -> None:
    answer = compile_workload(load_workload(kernel, sizes), load_target("p16"), Options(method="heuristic"))
    assert answer.checked, answer.violations
