"""Figures, tables and the page of an answer."""

from __future__ import annotations

from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from isamap.ir.answers import Violation
from isamap.report.answer import answer_report, simulation_report
from isamap.report.figures import bar, count, energy, share
from isamap.report.memory import MemoryUse
from isamap.report.tables import match_table
from tests.answers import small_gemm, two_einsums
from tests.machines import bundled


def printed(part: RenderableType, encoding: str = "utf-8", width: int = 100) -> str:
    from io import BytesIO

    raw = BytesIO()
    out = TextIOWrapper(raw, encoding=encoding, errors="strict")
    Console(file=out, width=width, markup=False, highlight=False).print(part)
    out.flush()
    return raw.getvalue().decode(encoding)


def test_figures() -> None:
    assert (count(1603120), count(None)) == ("1,603,120", "-")
    assert (energy(3.1e8), energy(0), energy(12.5), energy(None)) == ("310 uJ", "0 pJ", "12.5 pJ", "-")
    assert (share(0.916), share(1), share(0.99999), share(None)) == ("91.6 %", "100.0 %", "99.9 %", "-")
    assert bar(0.5, 4) == "██"
    assert bar(0.53125, 4) == "██▏"
    assert bar(2.0, 4) == "████"
    assert bar(0.5, 4, ascii_only=True) == "##"


def test_memories_are_shown_against_their_capacity() -> None:
    shown = printed(MemoryUse({"spad": 32768}, bundled("p16")))
    assert "dram" not in shown
    assert "50.0 %" in next(line for line in shown.splitlines() if "spad" in line)
    assert "0.0 %" in next(line for line in shown.splitlines() if "acc" in line)


@pytest.mark.parametrize("compiled", [small_gemm, two_einsums])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_a_page_can_be_printed_anywhere(compiled, encoding: str) -> None:  # type: ignore[no-untyped-def]
    answer = compiled()
    page = printed(answer_report(answer, Path("out/r.json")), encoding)
    assert page.count("tiling, outermost level first") == len(answer.tilings)
    for part in ("chosen", "bound", "energy", "peak bytes", "check: passed", "out/r.json"):
        assert part in page, part
    assert printed(simulation_report(answer.work, answer.target, answer.simulation, checked=True), encoding)
    assert printed(answer_report(answer), encoding, width=40)


def test_what_is_wrong_is_shown() -> None:
    wrong = Violation("capacity", "issue 3", "beyond the end of [local]")
    page = printed(answer_report(replace(small_gemm(), violations=(wrong,))))
    assert "check: FAILED" in page
    assert str(wrong) in page


def test_other_objectives_show_their_value() -> None:
    answer = small_gemm()
    solved = replace(answer.solved, objective="traffic", value=500, bound=400, status="feasible")
    assert "traffic 500 bytes, bound 400" in printed(answer_report(replace(answer, solved=solved)))


def test_the_chosen_match_is_marked_and_never_cut_off() -> None:
    answer = two_einsums()
    sets = [found for found in answer.matches if found.einsum == 1]
    chosen = answer.bindings[1].match
    shown = printed(match_table(sets, chosen, most=1))
    assert sum(">" in line for line in shown.splitlines()) == 1
    assert "2 more" in shown
