"""Parts of the answer fixed, and searches begun from an answer: what is fixed holds, what cannot be is explained at its
line, a start is never lost, and no search under --fix passes for one over all."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from isamap import Options, compile_workload, load_target, load_workload, write_result
from isamap.cli import app
from isamap.compile import Compiled
from isamap.errors import InputError, Unsupported
from isamap.ir.fixed import Fixed, FixedEinsum
from isamap.mapping import Freedom, ways
from isamap.result import read_result, summary, to_json
from isamap.spec import SpecError
from isamap.start import compile_fixed, start_from
from isamap.verify import verify
from tests import certified
from tests.gemmini_kernels import SCALED, requantised
from tests.spec.test_fix_files import CHAIN

HEURISTIC = Options(method="heuristic", deterministic=True)
EXACT = Options(method="exact", deterministic=True, time_limit_s=6)
CASES: dict[str, tuple[str, dict[str, object], str]] = {
    "tiles": ("gemm", {"M": 32, "N": 32, "K": 32, "in": "s16"}, "tiles"),
    "tiny": ("gemm", {"M": 4, "N": 6, "K": 9}, "tiny"),
    "window": ("conv1d", {"K": 2, "C": 2, "P": 6, "R": 3}, "tiny"),
    "lock-step": ("gemm", {"M": 8, "N": 8, "K": 8}, "vliw4"),
    "banks": ("gemm", {"M": 40, "N": 20, "K": 24, "in": "s16", "acc": "s16"}, "p16"),
    "systolic": ("gemm", {"M": 35, "N": 17, "K": 33}, "gemmini"),
    "depthwise": ("p16/dw", {"C": 3, "P": 20, "Q": 20}, "p16"),
}


def fixed(name: str, text: str, options: Options = HEURISTIC) -> Compiled:
    kernel, sizes, machine = CASES[name]
    return compile_fixed(text, load_workload(kernel, sizes), load_target(machine), options)


@cache
def by_solvers(name: str = "tiles") -> Compiled:
    """An answer whose schedule is a solver's."""
    kernel, sizes, machine = CASES[name]
    return compile_workload(load_workload(kernel, sizes), load_target(machine), EXACT)


def own(record: dict[str, Any]) -> str:
    """A result's own match and tiling, as they were printed."""
    return json.dumps({key: record[key] for key in ("match", "tiling")}, indent=1)


@pytest.mark.parametrize("name", [name for name in CASES if name != "depthwise"])
def test_its_own_match_and_tiling_give_the_same_cycles(name: str) -> None:
    kernel, sizes, machine = CASES[name]
    answer = compile_workload(load_workload(kernel, sizes), load_target(machine), HEURISTIC)
    again = fixed(name, own(summary(answer)))
    assert again.checked
    assert again.simulation.latency_cycles == answer.simulation.latency_cycles
    assert [tiling.levels for tiling in again.tilings] == [tiling.levels for tiling in answer.tilings]


def test_what_is_fixed_holds_and_the_rest_is_searched() -> None:
    free = fixed("banks", "name: nothing\ndescription: said\n")
    text = "match:\n  instruction: mac\ntiling: {levels: [{}, {tile: {m: 5, k: 8}}]}\n"
    answer = fixed("banks", text)
    assert answer.checked
    assert {"m": 5, "k": 8}.items() <= dict(answer.tilings[0].levels[-1].tile).items()
    assert dict(answer.tilings[0].levels[-1].tile)["n"] > 1
    assert answer.simulation.latency_cycles > free.simulation.latency_cycles


def test_solvers_keep_what_is_fixed() -> None:
    """Tiles of the size that is said in any order; in an order that is said, the list schedule, which takes 204."""
    answer = fixed("tiny", "tiling:\n  levels: [{}, {tile: {m: 1}}]\n", EXACT)
    assert answer.checked
    assert {dict(step.sizes)["m"] for step in answer.schedule.steps if step.performs == "mm2"} == {1}
    kernel, sizes, machine = CASES["tiles"]
    listed = compile_workload(load_workload(kernel, sizes), load_target(machine), HEURISTIC)
    again = fixed("tiles", own(summary(listed)), EXACT)
    assert (again.simulation.latency_cycles, again.plan.listed) == (204, True)
    assert (
        fixed("tiles", json.dumps({"match": summary(listed)["match"]}, indent=1), EXACT).simulation.latency_cycles < 204
    )


def test_nothing_passes_in_strips_where_something_is_fixed() -> None:
    work, target = load_workload(CHAIN), load_target("tiny", {"local_bytes": 48})
    free = compile_workload(work, target, HEURISTIC)
    assert any(buffer.home and buffer.home.rows for buffer in free.schedule.buffers)
    answer = compile_fixed("match:\n  instruction: mm2\n", work, target, HEURISTIC)
    assert answer.checked
    assert not any(buffer.home and buffer.home.rows for buffer in answer.schedule.buffers)


def test_a_match_that_the_heuristics_would_not_take() -> None:
    text = "match:\n  axes: {i: [m]}\n"
    kernel, sizes, machine = CASES["banks"]
    work, target = load_workload(kernel, sizes), load_target(machine)
    turned = text.replace("[m]", "[n]")
    answers = [compile_fixed(one, work, target, HEURISTIC) for one in (text, turned)]
    assert [dict(answer.bindings[0].match.axes)["i"] for answer in answers] == [("m",), ("n",)]
    assert all(answer.checked for answer in answers)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("match:\n  axes: {i: [k]}\n", "2:13: match.axes.i: expected what a match has there: m, n, got k"),
        (
            "match:\n  axes: {i: [n], j: [k]}\n",
            "2:21: match.axes.j: expected what a match has there: m, got k",
        ),
        (
            "match: {axes: {i: [m]}, operands: {A: B}}\n\n",
            "1:39: match.operands.A: expected what a match holds there: A, got B",
        ),
        (
            "match:\n  instruction: vmac\n",
            "2:16: match.instruction: expected an instruction that does C[m, n] += A[m, k] * B[k, n], of mac",
        ),
        (
            "tiling:\n  levels: [{}, {tile: {m: 20}}]\n",
            "2:27: tiling.levels.1.tile.m: expected at most 16, what mac takes along",
        ),
        (
            "tiling:\n  levels: [{tile: {m: 40, k: 24}, buffers: {A: 900}}, {tile: {m: 1, n: 1, k: 1}}]\n",
            "2:44: tiling.levels.0.buffers: expected at most 1,024 bytes in spad, got 1,804: A 900 x 2, B 1 x 2, C",
        ),
    ],
)
def test_contradictions_stand_at_their_line(text: str, message: str) -> None:
    kernel, sizes, machine = CASES["banks"]
    work, target = load_workload(kernel, sizes), load_target(machine, {"spad_kib": 1})
    with pytest.raises(SpecError) as caught:
        compile_fixed(text, work, target, HEURISTIC)
    assert f"<text>:{message}" in str(caught.value)


def test_parts_that_only_scheduling_finds_impossible_are_no_proof() -> None:
    """Two tiles of C are added to in turn, in one place and with no way back."""
    text = """
tiling:
  levels:
    - {tile: {m: 4, n: 6, k: 9}, order: [], buffers: {A: 2, B: 2}}
    - {tile: {m: 2, n: 2, k: 2}, order: [k, m, n], buffers: {C: 1}}
"""
    with pytest.raises(SpecError, match="expected parts of an answer that go together, got none that do; 1 slots"):
        fixed("tiny", text)


@pytest.mark.parametrize(("home", "stored"), [("local", 96), ("dram", 192)])
def test_homes_are_kept(home: str, stored: int) -> None:
    work, target = load_workload(CHAIN), load_target("tiny")
    answer = compile_fixed(f"name: f\nhomes: {{C: {home}}}\n", work, target, HEURISTIC)
    assert answer.checked
    assert answer.simulation.traffic_bytes["store"] == stored
    assert summary(answer).get("homes") == ({"C": "local"} if home == "local" else None)


def test_every_einsum_of_a_result_can_be_fixed() -> None:
    work, target = load_workload(CHAIN), load_target("tiny")
    answer = compile_workload(work, target, HEURISTIC)
    record = summary(answer)
    parts = zip(record["matches"], record["tilings"], strict=True)
    said = {str(n): {"match": match, "tiling": tiling} for n, (match, tiling) in enumerate(parts)}
    text = json.dumps({"einsums": said, "homes": record["homes"]}, indent=1)
    again = compile_fixed(text, work, target, HEURISTIC)
    assert again.simulation.latency_cycles == answer.simulation.latency_cycles
    assert again.tilings == answer.tilings


def test_what_a_store_does_on_the_way_has_a_match_and_no_tiling() -> None:
    work, target = requantised(f"S[m,n] = {SCALED}"), load_target("gemmini")
    answer = compile_workload(work, target, HEURISTIC)
    record = summary(answer)
    assert record["matches"][1]["instruction"] == "mvout_s8"
    said = {"0": {"match": record["match"], "tiling": record["tiling"]}, "1": {"match": record["matches"][1]}}
    again = compile_fixed(json.dumps({"einsums": said}, indent=1), work, target, HEURISTIC)
    assert again.simulation.latency_cycles == answer.simulation.latency_cycles
    assert again.tilings[0].levels == answer.tilings[0].levels
    said["1"]["tiling"] = {"levels": [{}, {"tile": {"m": 1}}]}
    with pytest.raises(
        SpecError, match="expected an einsum that an instruction does, got one that mvout_s8 does on the"
    ):
        compile_fixed(json.dumps({"einsums": said}, indent=1), work, target, HEURISTIC)


def test_rewritten_kernels_are_not_what_a_file_speaks_of() -> None:
    """Without it the windows would become a band, in one einsum of other axes."""
    kernel, sizes, machine = CASES["depthwise"]
    work, target = load_workload(kernel, sizes), load_target(machine)
    assert [way.work == work for way in ways(work, target, Freedom())] == [False, False, True]
    answer = fixed("depthwise", "tiling:\n  levels: [{}, {tile: {p: 2}}]\n")
    assert answer.checked
    assert answer.steps == ()
    assert dict(answer.tilings[0].levels[1].tile)["p"] == 2


def test_a_search_under_fix_proves_nothing_of_all(tmp_path: Path) -> None:
    answer = fixed("tiny", "match:\n  instruction: mm2\n", EXACT)
    certificate = answer.certificate
    assert certificate is not None
    assert (certificate.searched, certificate.within) == (False, (("fix", "einsum 0: mm2"),))
    assert certificate.bound == answer.solved.bound == 57
    assert (answer.solved.status, answer.simulation.latency_cycles) == ("feasible", 60)
    assert any(note.startswith("fixed: einsum 0: mm2; the bound is that of every program") for note in answer.notes)
    write_result(tmp_path / "r.json", answer)
    assert verify(read_result(tmp_path / "r.json")).violations == ()
    shown = CliRunner().invoke(app, ["verify", str(tmp_path / "r.json")])
    assert "within fix: einsum 0: mm2" in shown.stdout


def test_a_proof_over_all_cannot_be_one_under_fix(tmp_path: Path) -> None:
    record = certified.certified(certified.result("gemv tiny"), within=(("fix", "einsum 0: mm2"),))
    assert certified.broken(record, tmp_path) == ["within"]


@pytest.mark.parametrize(
    ("name", "method", "heuristic"), [("tiles", "cp-sat", 204), ("window", "branch and bound", 25)]
)
def test_a_start_is_never_lost(tmp_path: Path, name: str, method: str, heuristic: int) -> None:
    """The heuristics alone do not come to such a schedule."""
    best = by_solvers(name)
    work, target = best.work, best.target
    assert method in best.plan.method
    assert best.simulation.latency_cycles < heuristic
    assert not best.plan.listed
    write_result(tmp_path / "r.json", best)
    begun = start_from(tmp_path / "r.json", work, target, HEURISTIC)
    again = compile_workload(work, target, HEURISTIC, start=begun)
    assert again.checked
    assert again.simulation.latency_cycles == best.simulation.latency_cycles
    assert again.certificate is not None
    assert again.certificate.within == ()
    write_result(tmp_path / "s.json", again)
    assert verify(read_result(tmp_path / "s.json")).violations == ()


def test_a_start_is_where_the_search_begins(tmp_path: Path) -> None:
    """From a poor answer, made by hand, the solvers come to the best one."""
    poor = tmp_path / "poor.yaml"
    poor.write_text("tiling: {levels: [{}, {tile: {m: 1, n: 1, k: 1}}]}\n")
    work, target = load_workload("gemm", {"M": 2, "N": 2, "K": 12}), load_target("tiny")
    begun = start_from(poor, work, target, EXACT)
    assert isinstance(begun, Compiled)
    assert begun.simulation.latency_cycles > 40
    answer = compile_workload(work, target, EXACT, start=begun)
    assert answer.simulation.latency_cycles == 18
    assert answer.certificate is not None
    assert (answer.certificate.searched, answer.certificate.within) == (True, ())


def test_starts_on_chip_begin_again(tmp_path: Path) -> None:
    work, target = load_workload(CHAIN), load_target("tiny")
    answer = compile_workload(work, target, HEURISTIC)
    assert summary(answer)["homes"] == {"C": "local"}
    write_result(tmp_path / "r.json", answer)
    begun = start_from(tmp_path / "r.json", work, target, HEURISTIC)
    again = compile_workload(work, target, HEURISTIC, start=begun)
    assert again.simulation.latency_cycles == answer.simulation.latency_cycles
    assert again.simulation.traffic_bytes == answer.simulation.traffic_bytes


def test_a_start_has_to_be_of_the_same_kernel_and_machine(tmp_path: Path) -> None:
    kernel, sizes, machine = CASES["tiny"]
    work, target = load_workload(kernel, sizes), load_target(machine)
    write_result(tmp_path / "r.json", compile_workload(work, target, HEURISTIC))
    other = load_workload(kernel, {**sizes, "K": 10})
    with pytest.raises(
        InputError, match=r"--start.kernel: expected a result of gemm m=4 n=6 k=10, got gemm m=4 n=6 k=9"
    ):
        start_from(tmp_path / "r.json", other, target, HEURISTIC)
    bent = load_target(machine, {"local_bytes": 96})
    with pytest.raises(InputError, match=r"--start.target: expected a result of tiny local_bytes=96"):
        start_from(tmp_path / "r.json", work, bent, HEURISTIC)
    with pytest.raises(InputError, match=r"--start.match: expected a result on relu, got mm2"):
        start_from(tmp_path / "r.json", work, target, replace(HEURISTIC, instruction="relu"))


def test_a_start_and_fixed_parts_do_not_go_together() -> None:
    kernel, sizes, machine = CASES["tiny"]
    work, target = load_workload(kernel, sizes), load_target(machine)
    answer = compile_workload(work, target, HEURISTIC)
    with pytest.raises(Unsupported, match="a start for an answer of which parts are fixed"):
        compile_workload(work, target, HEURISTIC, start=answer, fixed=Fixed(((0, FixedEinsum("mm2")),)))


def test_homes_and_a_solvers_schedule_are_in_the_file() -> None:
    kernel, sizes, machine = CASES["tiny"]
    work, target = load_workload(kernel, sizes), load_target(machine)
    assert not {"schedule", "homes"} & to_json(compile_workload(work, target, HEURISTIC)).keys()
    assert "schedule" in to_json(by_solvers())
    answer = compile_workload(load_workload(CHAIN), target, HEURISTIC)
    assert to_json(answer)["homes"] == {"C": "Home(memory='local')"}


def run(*arguments: str, exit_code: int = 0) -> Any:
    done = CliRunner().invoke(
        app, ["compile", "gemm", "tiny", "--set", "M=4", "--set", "N=6", "--set", "K=9", *arguments]
    )
    assert done.exit_code == exit_code, done.output
    return done


def test_the_command_line(tmp_path: Path) -> None:
    result, file = tmp_path / "r.json", tmp_path / "f.yaml"
    first = json.loads(run("--method", "heuristic", "-o", str(result), "--json").stdout)
    file.write_text(own(first))
    again = json.loads(run("--method", "heuristic", "--fix", str(file), "--json").stdout)
    assert (again["match"], again["tiling"]) == (first["match"], first["tiling"])
    assert again["latency_cycles"] == first["latency_cycles"]
    begun = json.loads(run("--start", str(result), "--time-limit", "5", "--json").stdout)
    assert begun["latency_cycles"] <= first["latency_cycles"]
    assert "no --fix beside it" in run("--start", str(result), "--fix", str(file), exit_code=2).stderr
    file.write_text("match: {instruction: mm3}\n")
    assert f"{file}:1:22: match.instruction: expected an instruction of" in run("--fix", str(file), exit_code=2).stderr
    file.write_text("tiling: {levels: [{}, {tile: {m: 4}}]}\n")
    assert "1:34: tiling.levels.1.tile.m: expected at most 2" in run("--fix", str(file), exit_code=2).stderr
