"""``isamap place`` and ``isamap validate`` on buffers in CSV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from isamap import placing
from isamap.cli import app
from isamap.errors import CheckFailed
from isamap.ir.answers import Placement, Violation

SMALL = """id,lower,upper,size
b1,0,3,4
b2,3,9,4
b3,0,9,4
b4,9,21,4
b5,0,21,4
"""
CRISS = """id,lower,upper,size,alignment
a,3,4,1,4
b,0,3,3,1
c,3,6,1,4
d,2,5,3,1
"""
"""Greedy methods need 8 bytes or more, the lowest placement 7."""


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return written(tmp_path / "small.csv", SMALL)


@pytest.fixture
def criss(tmp_path: Path) -> Path:
    return written(tmp_path / "criss.csv", CRISS)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def answer(done: Any, code: int = 0) -> dict[str, Any]:
    assert done.exit_code == code, done.output
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_within_a_capacity(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    found = answer(run("place", small, "--capacity", "12", "-o", out, "--json"))
    assert (found["status"], found["height"], found["bound"], found["capacity"]) == ("optimal", 12, 12, 12)
    assert (found["checked"], found["buffers"], found["violations"], found["reason"]) == (True, 5, [], None)
    assert found["solve_seconds"] < 60
    assert set(found["greedy"]) == {"best fit by size", *(f"first fit by {order}" for order in
                                    ("size", "area", "duration", "start", "conflicts"))}  # fmt: skip
    assert out.read_text().startswith("id,lower,upper,size,offset\nb1,0,3,4,")
    assert run("validate", out, "--capacity", "12").exit_code == 0
    assert run("validate", out, "--capacity", "11").exit_code == 5


def test_as_low_as_it_goes(criss: Path) -> None:
    found = answer(run("place", criss, "--json", "--deterministic"))
    assert (found["status"], found["height"], found["bound"], found["capacity"]) == ("optimal", 7, 7, None)
    assert min(found["greedy"].values()) == 8
    assert found["solve_seconds"] == 0


def test_for_a_reader(criss: Path) -> None:
    done = run("place", criss, "--capacity", "7")
    assert done.exit_code == 0
    assert "7 bytes of 7" in done.stdout
    assert "cp-sat rectangles" in done.stdout


def test_greedy_methods_only(criss: Path) -> None:
    found = answer(run("place", criss, "--method", "greedy", "--json"))
    assert (found["status"], found["height"], found["bound"]) == ("feasible", 8, 6)


def test_impossible(small: Path) -> None:
    done = run("place", small, "--capacity", "11", "--json")
    found = answer(done, 3)
    assert (found["status"], found["height"], found["bound"]) == ("infeasible", None, 12)
    assert "live load, 12 bytes, is above memory (11 bytes)" in done.stderr


def test_impossible_by_the_solver(criss: Path) -> None:
    done = run("place", criss, "--capacity", "6")
    assert done.exit_code == 3
    assert "memory is too small" in done.stderr


def test_a_capacity_below_the_largest_buffers_names_their_lines(tmp_path: Path) -> None:
    path = written(tmp_path / "b.csv", "id,lower,upper,size\na,0,3,4\nb,0,3,9\n\nc,5,6,8\n")
    done = run("place", path, "--capacity", "7")
    assert done.exit_code == 3
    assert f"{path}:3:1: b.size: expected at most 7, the capacity, got 9" in done.stderr
    assert f"{path}:5:1: c.size: expected at most 7, the capacity, got 8" in done.stderr
    assert "a.size" not in done.stderr


def test_nothing_found_in_time(criss: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    done = run("place", criss, "--capacity", "7", "--time-limit", "0", "-o", out, "--json")
    found = answer(done, 4)
    assert (found["status"], found["height"], found["bound"]) == ("unknown", None, 6)
    assert "nothing found that fits 7 bytes, and no proof; the lowest placement at hand needs 8 bytes" in done.stderr
    assert not out.exists()


def test_a_wrong_placement_is_not_written(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(placement: Placement, *given: Any) -> list[Violation]:
        return [Violation("overlap", "b1 and b2", "made up")]

    monkeypatch.setattr(placing, "check_placement", wrong)
    out = tmp_path / "out.csv"
    done = run("place", small, "-o", out, "--json")
    assert answer(done, CheckFailed.exit_code)["checked"] is False
    assert "overlap at b1 and b2: made up" in done.stderr
    assert not out.exists()


def test_alignment_and_banks(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    found = answer(run("place", small, "--capacity", "64", "--alignment", "8", "--banks", "4", "-o", out, "--json"))
    offsets = [int(line.rsplit(",", 1)[1]) for line in out.read_text().splitlines()[1:]]
    assert all(offset % 8 == 0 for offset in offsets)
    assert found["height"] == 20
    assert run("validate", out, "--capacity", "64", "--alignment", "16").exit_code == 5
    assert run("validate", out, "--capacity", "64", "--alignment", "8", "--banks", "4").exit_code == 0
    tiny = written(tmp_path / "tiny.csv", "id,lower,upper,size,offset\na,0,1,4,6\n")
    assert run("validate", tiny, "--capacity", "16").exit_code == 0
    done = run("validate", tiny, "--capacity", "16", "--banks", "2")
    assert done.exit_code == 5
    assert "bank at a" in done.stderr


@pytest.mark.parametrize("command", ["place", "validate"])
def test_banks_need_a_capacity(command: str, small: Path) -> None:
    done = run(command, small, "--banks", "2")
    assert done.exit_code == 2
    assert "--banks: expected a --capacity to divide, got none" in done.stderr


def test_fixed_offsets_hints_and_buffers_in_place(tmp_path: Path) -> None:
    text = "id,lower,upper,size,offset,in_place,hint\na,0,5,4,2,,2\nb,4,9,4,,a,2\nc,0,9,2,,,0\n"
    path, out = written(tmp_path / "b.csv", text), tmp_path / "out.csv"
    found = answer(run("place", path, "-o", out, "--json"))
    assert (found["status"], found["height"]) == ("optimal", 6)
    assert found["method"] == "given placement, meets the bound"
    assert out.read_text() == "id,lower,upper,size,in_place,offset\na,0,5,4,,2\nb,4,9,4,a,2\nc,0,9,2,,0\n"
    assert run("validate", out, "--capacity", "6").exit_code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,lower,upper\na,0,1\n", "b.csv:1:1: expected the columns id lower upper size, got none named size"),
        ("id,lower,upper,size\na,0,1,-1\n", "b.csv:2:7: size: expected at least 0, got -1"),
        ("id,lower,upper,size,hint\na,0,1,1,0\nb,0,1,1,-1\n", "b.csv:3:1: b.hint: expected an address, as other"),
        ("id,lower,upper,size,offset,alignment\na,0,1,1,3,2\n", "b.csv:2:1: a.address: expected at least 0 and a mult"),
        (
            "id,lower,upper,size,in_place\na,0,3,1,\nb,2,5,2,a\n",
            "b.csv:3:1: b.in_place: expected a buffer of at least 2",
        ),
    ],
)
def test_mistakes(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path / "b.csv", text)
    done = run("place", path, "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_no_file_and_no_place_to_write(small: Path, tmp_path: Path) -> None:
    assert run("place", tmp_path / "none.csv").exit_code == 2
    done = run("place", small, "-o", tmp_path / "none" / "out.csv")
    assert done.exit_code == 2
    assert "there is no folder" in done.stderr


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        ("a,0,3,4,0\nb,1,2,4,2\n", 5, "overlap at a and b"),
        ("a,0,3,4,9\n", 5, "capacity at a: ends at 13 of 12 bytes"),
        ("a,0,3,4,\n", 2, ":2:1: a.offset: expected an offset, got none"),
        ("a,0,3,4,-1\n", 2, ":2:9: offset: expected at least 0, got -1"),
    ],
)
def test_foreign_files(tmp_path: Path, rows: str, code: int, said: str) -> None:
    path = written(tmp_path / "foreign.csv", f"id,lower,upper,size,offset\n{rows}")
    done = run("validate", path, "--capacity", "12", "--json")
    found = answer(done, code)
    assert found["valid"] is False
    assert found["files"][0]["kind"] == "buffers"
    assert said in done.stderr


def test_files_without_offsets_are_only_read(small: Path) -> None:
    done = run("validate", small)
    assert (done.exit_code, done.stdout) == (0, f"{small}: a valid buffers file\n")
