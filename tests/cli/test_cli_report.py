"""``isamap report``: the page appears whole, and what is wrong with a program ends in exit code 5."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from isamap.cli import app
from isamap.report.page import render
from isamap.result import checksum, write_result
from tests.answers import small_gemm
from tests.pages import rerun_on


def report(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "gemm.json"
    write_result(path, small_gemm())
    return path


def test_it_writes_the_page(saved: Path) -> None:
    page = saved.with_suffix(".html")
    done = report(saved, "-o", page)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"page: {page}\n"
    assert page.read_text(encoding="utf-8") == render(rerun_on("tiny"))
    assert sorted(path.name for path in saved.parent.iterdir()) == ["gemm.html", "gemm.json"]


def test_a_file_that_lies_has_a_page_that_says_so(saved: Path) -> None:
    record = json.loads(saved.read_text(encoding="utf-8"))
    record["summary"]["latency_cycles"] = 1
    del record["checksum"]
    saved.write_text(json.dumps({**record, "checksum": checksum(record)}), encoding="utf-8")
    page = saved.with_suffix(".html")
    done = report(saved, "-o", page)
    assert done.exit_code == 5
    assert "the file says 1" in done.stderr
    assert "the file says 1" in page.read_text(encoding="utf-8")


def test_nothing_is_written_where_nothing_can_be(saved: Path) -> None:
    done = report(saved, "-o", saved.parent / "none" / "p.html")
    assert done.exit_code == 2
    assert "there is no folder" in done.stderr
    missing = report(saved.parent / "none.json", "-o", saved.parent / "p.html")
    assert missing.exit_code == 2
    assert not (saved.parent / "p.html").exists()
    assert report(saved).exit_code == 2
