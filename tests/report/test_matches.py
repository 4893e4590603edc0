"""What `isamap map` prints: the cheapest twenty, marked, and sentences that end before the terminal does."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from rich.console import Console

from isamap.mapping import MatchSet, map_workload
from isamap.report.matches import match_report, why_not
from isamap.spec import load_workload
from tests.machines import bundled

S16 = {"in": "s16", "acc": "s16"}


def printed(part: object, width: int) -> list[str]:
    out = StringIO()
    Console(file=out, width=width, markup=False, highlight=False).print(part)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def lines_of(
    kernel: str, target: str, width: int, every: bool = False, settings: dict[str, object] | None = None
) -> list[str]:
    work, machine = load_workload(kernel, settings or S16), bundled(target)
    sets = [one for found in map_workload(work, machine) for one in found]
    return printed(match_report(work, machine, sets, every=every), width)


def ranks(lines: list[str]) -> list[tuple[int, str]]:
    found = (re.match(r" *([0-9]+)([* ]) ", line) for line in lines)
    return [(int(one[1]), one[2]) for one in found if one]


@pytest.mark.parametrize("width", [80, 120])
def test_the_best_twenty_fit_the_terminal(width: int) -> None:
    lines = lines_of("conv2d", "p16", width)
    assert max(map(len, lines)) <= width
    assert lines[0] == "conv2d on p16: 49 matches (98 with operands swapped)"
    assert [rank for rank, _ in ranks(lines)] == list(range(1, 21))
    assert [rank for rank, mark in ranks(lines) if mark == "*"] == [1]
    assert "... and 29 more (--all shows them, --json has all)" in lines
    assert "all proved; cheapest first, by modelled cycles; 1 marked * is beaten by no other" in lines


def test_rows_are_ranked_by_cycles_and_name_what_operands_need() -> None:
    rows = [line.split() for line in lines_of("conv2d", "p16", 120) if re.match(r" *[0-9]+[* ] ", line)]
    cycles = [int(row[-1].replace(",", "")) for row in rows]
    assert cycles == sorted(cycles)
    assert rows[0][1:] == [
        "mac",
        "i=n,p,q",
        "j=k",
        "k=c,r,s",
        "A=I(view)",
        "B=W",
        "C=O(view)",
        "100.0",
        "%",
        "784",
        "451,584",
    ]


def test_all_of_them() -> None:
    lines = lines_of("conv2d", "p16", 120, every=True)
    assert [rank for rank, _ in ranks(lines)] == list(range(1, 50))
    assert not any("more (--all" in line for line in lines)


def test_bytes_copied_have_a_column_where_there_are_any() -> None:
    assert any(
        "bytes copied" in line for line in lines_of("conv2d", "gemmini", 120, settings={"K": 4, "C": 4, "P": 4, "Q": 4})
    )
    assert not any("bytes copied" in line for line in lines_of("conv2d", "p16", 120))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_sentences_are_wrapped_under_their_first_word(width: int) -> None:
    said = "nothing can feed j of mac because every operand depends on c and that is how it is, word for word"
    lines = printed(why_not(MatchSet(0, "mac", reasons=(said,), repairs=(said, said))), width)
    assert lines[0] == "not mac:"
    assert max(map(len, lines)) <= width
    starts = [line for line in lines if line.lstrip().startswith(("- ", "repair: "))]
    assert [line[: len(line) - len(line.lstrip())] for line in starts] == ["  "] * 3
    assert " ".join(" ".join(lines[1:]).split()) == f"- {said} repair: {said} repair: {said}"
    under = {True: "    ", False: "          "}
    reason = True
    for line in lines[1:]:
        reason = reason and not line.startswith("  repair")
        assert line.startswith(("  - ", "  repair: ", under[reason]))
