"""Wrong usage and wrong files: exit code 2, one clear message on stderr, nothing on stdout, no traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from isamap.cli import app

KERNEL = """name: k
sizes: {M: 4}
tensors:
  X: {dtype: s32, shape: [M]}
  Y: {dtype: s32, shape: [M]}
einsums:
  - Y[m] = X[m] + 1
"""


def complaint(*arguments: str) -> str:
    """What is said on stderr; the command ends with 2 and prints nothing else."""
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("command", ["map", "compile"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gem", "p16"], ["no kernel 'gem'", "did you mean", "'gemm'"]),
        (["gemm", "p61"], ["no hardware 'p61'", "did you mean 'p16'?"]),
        (["gemm"], ["Missing argument 'TARGET'"]),
        (["gemm", "p16", "--instruction", "mca"], ["--instruction", "mac vmac drain fill", "did you mean 'mac'?"]),
        (["gemm", "p16", "--set", "MM=3"], ["--set", "'MM'", "M N K"]),
        (["gemm", "p16", "--set", "spad_kb=3"], ["did you mean 'spad_kib'?"]),
        (["gemm", "p16", "--set", "M"], ["NAME=VALUE"]),
        (["gemm", "p16", "--set", "M=0"], ["--set M=0", "positive"]),
        (["gemm", "p16", "--set", "M=2", "--set", "M=3"], ["M more than once"]),
        (["gemm", "p16", "--set", "in=s17"], ["s17"]),
        (["gemm", "p16", "--jsno"], ["No such option: --jsno"]),
    ],
)
def test_mistakes_of_map_and_compile(command: str, arguments: list[str], said: list[str]) -> None:
    message = complaint(command, *arguments)
    assert all(part in message for part in said), message
    assert complaint(command, *arguments, "--json")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["map", "gemm", "p16", "--realise", "vieww"], "'vieww' is not one of"),
        (["compile", "gemm", "p16", "--method", "exat"], "'exat' is not one of"),
        (["compile", "gemm", "p16", "--objective", "time"], "'time' is not one of"),
        (["compile", "gemm", "p16", "--time-limit", "-1"], "--time-limit"),
        (["compile", "gemm", "p16", "--workers", "0"], "--workers"),
        (["compile", "gemm", "p16", "--seed", "x"], "--seed"),
        (["list", "extra"], "extra"),
        (["list", "--all"], "--all"),
        (["list", "--json", "1"], "1"),
        (["comple"], "Did you mean 'compile'"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str) -> None:
    assert said in complaint(*arguments)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (KERNEL.replace("shape: [M]}\n  Y", "shap: [M]}\n  Y"), ["k.yaml:4:", "shap", "did you mean 'shape'?"]),
        (KERNEL.replace("sizes: {M: 4}", "sizes: {M: 4"), ["k.yaml:", "expected YAML"]),
        (KERNEL.replace("X[m] + 1", "Z[m] + 1"), ["k.yaml:7:", "Z"]),
        ("", ["an empty file"]),
        ("- a\n", ["a list"]),
    ],
)
@pytest.mark.parametrize("command", [["map"], ["compile"], ["validate"]], ids=lambda command: command[0])
def test_broken_kernel_files(command: list[str], text: str, said: list[str], tmp_path: Path) -> None:
    path = tmp_path / "k.yaml"
    path.write_text(text)
    message = complaint(*command, str(path), *(["tiny"] if command != ["validate"] else []))
    assert all(part in message for part in said), message


def test_validate_tells_every_mistake_of_every_file(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text(
        KERNEL.replace("dtype: s32, shape: [M]}\n  Y", "dtype: s33, shape: [M]}\n  Y").replace("M: 4", "M: x")
    )
    second.write_text("name: machine\nmemories:\n  dram: {capacity: 1 Gib}\n")
    message = complaint("validate", str(first), str(second), "tiny.yml")
    assert all(part in message for part in ("a.yaml:2:", "a.yaml:4:", "b.yaml:3:", "tiny.yml: there is no such file"))
    done = CliRunner().invoke(app, ["validate", str(first), str(second), "gemm", "--json"])
    record = json.loads(done.stdout)
    assert done.exit_code == 2
    assert [entry["valid"] for entry in record["files"]] == [False, False, True]
    assert [entry["kind"] for entry in record["files"]] == ["kernel", "hardware", "kernel"]
    assert len(record["files"][0]["errors"]) >= 2


def test_validate_says_what_files_there_are(tmp_path: Path) -> None:
    path = tmp_path / "notes.yaml"
    path.write_text("apples: 3\npears: 4\n")
    assert "neither a kernel, a hardware nor a sweep file" in complaint("validate", str(path))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"format": "isamap-result"', "broken or cut short"),
        (b'{"format": "something"}', "no result of isamap"),
        (b"[1, 2]", "no result of isamap"),
        (b'{"format": "isamap-result", "version": 99}', "version 99"),
        (b"\xff\xfe\x00", "not a text file"),
        (b"", "broken or cut short"),
        (b"[" * 100_000, "cannot be a result"),
    ],
)
@pytest.mark.parametrize("command", ["simulate", "validate"])
def test_broken_result_files(command: str, content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(content)
    assert said in complaint(command, str(path))


def test_result_files_that_are_not_there(tmp_path: Path) -> None:
    assert "No such file" in complaint("simulate", str(tmp_path / "no.json"))
    assert "Is a directory" in complaint("simulate", str(tmp_path))
    assert "Missing argument" in complaint("simulate")


def test_an_output_that_cannot_be_written_is_refused_before_the_search(tmp_path: Path) -> None:
    assert "there is no folder" in complaint("compile", "gemm", "tiny", "-o", str(tmp_path / "no" / "r.json"))
    assert "it is a folder" in complaint("compile", "gemm", "tiny", "-o", str(tmp_path))
