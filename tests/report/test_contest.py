"""A contest as a table and as a record."""

from __future__ import annotations

import pytest
from rich.console import Console

from isamap.errors import InvalidNoun
from isamap.ir.contest import Absent, Contest, Timed
from isamap.ir.ranking import Ranking
from isamap.report.contest import contest_json, contest_report

RANKING = Ranking((1.0, 2.0), (1.034e-6, 1e-6))
OURS = Timed("isamap", "0.1.0", 1e-6, 2e-6, 30, 9000, 1e-6, how="n/64 m/5, lanes along n", ranking=RANKING)
QUICK = Timed("quick", "7.1", 0.5e-6, 3e-6, 30, 9000, 3.0, wrong="1 of 4 elements, first element [0]: ...")
MKL = Timed("mkl", "2026", 1.5e-6, 2e-6, 30, 9000, 0.0, how="cblas_sgemm")
TORCH = Timed("torch", "2.13", 4e-6, 5e-6, 30, 9000, None, how="torch.mm")
ABSENT = (Absent("openblas", "not installed", "scipy-openblas32"), Absent("onednn", "it has no such product"))


def contest(*libraries: Timed, unit: str = "GF/s", threads: int = 1) -> Contest:
    return Contest("gemm", "host", "Abacus 3", threads, 12_000, unit, OURS, libraries, ABSENT)


def shown(found: Contest) -> str:
    console = Console(width=140, record=True, markup=False, highlight=False)
    with console.capture() as text:
        console.print(contest_report(found))
    return text.get()


def test_ratios_are_to_the_quickest_library_that_is_right() -> None:
    record = contest_json(contest(QUICK, MKL, TORCH))
    assert record["ratio"] == {"quick": 0.5, "mkl": pytest.approx(1.5), "torch": 4.0}
    assert (record["best_library"], record["ratio_to_best"]) == ("mkl", pytest.approx(1.5))
    assert (record["gflops"], record["checked"], record["regret"]) == (pytest.approx(12), True, pytest.approx(0.034))
    assert record["rank_correlation"] == pytest.approx(-1)
    assert [each["checked"] for each in record["libraries"]] == [False, True, True]
    assert record["absent"][0] == {"name": "openblas", "reason": "not installed", "package": "scipy-openblas32"}
    assert record["absent"][1]["package"] is None


def test_no_library_and_integers() -> None:
    record = contest_json(contest(unit="GOP/s"))
    assert (record["best_library"], record["ratio_to_best"], record["ratio"]) == (None, None, {})
    assert record["gops"] == pytest.approx(12)
    assert "gflops" not in record


def test_a_reader_sees_who_is_wrong_and_what_to_install() -> None:
    text = shown(contest(QUICK, MKL, TORCH, threads=2))
    assert "gemm on host: Abacus 3, 2 threads, 30 rounds in turns" in text
    assert "1.50 times as fast as the best library, mkl" in text
    assert "the model's first choice takes 3.4% longer" in text
    assert "quick is wrong: 1 of 4 elements" in text
    assert "openblas: not installed; pip install scipy-openblas32" in text
    assert "onednn: it has no such product\n" in text.replace(" \n", "\n")
    assert "the same arrays in every call" in text
    row = next(line.split() for line in text.splitlines() if line.strip().startswith("mkl"))
    assert row[:7] == ["mkl", "8.0", "1.5", "us", "2", "us", "1.50"]


def test_times_that_cannot_be() -> None:
    with pytest.raises(InvalidNoun, match="0 < minimum_s <= median_s"):
        Timed("mkl", "", 2e-6, 1e-6, 3, 1, 0.0)
