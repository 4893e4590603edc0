"""Each rule of the formulation matters, or is shown not to."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ortools.sat.python import cp_model

from isamap.cpsat import run
from isamap.ir.answers import Lifetime
from isamap.ir.effort import Effort
from isamap.ir.hardware import Memory
from isamap.placement import rectangles
from isamap.placement.orders import ORDERS, Order
from isamap.placement.race import Ask, solve
from isamap.placement.rectangles import RULES
from isamap.placement.scaled import Problem, scaled

EFFORT = Effort(time_limit_s=20, deterministic=True)


def problem(*shapes: tuple[int, int], capacity: int = 64, banks: int = 1, below: int | None = None) -> Problem:
    """Buffers of (size, alignment) that all live together, in a memory of ``capacity`` bytes."""
    lives = [Lifetime(f"b{n}", "near", 0, 9, size, alignment) for n, (size, alignment) in enumerate(shapes)]
    return replace(scaled(lives, Memory("near", capacity, banks=banks)), below_bytes=below)


def height(given: Problem, *without: str, order: Order = "crowded") -> float | None:
    """The proved optimum without some rules; None: proved that there is none."""
    outcome = solve(Ask(given, order), EFFORT, without=frozenset(without)).outcome
    assert outcome.status in ("optimal", "infeasible")
    return outcome.value


def test_apart() -> None:
    """Two of 2 bytes at multiples of 4 leave gaps of 2, too small for 3 bytes, which go on top: 4 + 2 + 3 = 9. If they
    may overlap, only the live load of 7 is left."""
    given = problem((2, 4), (2, 4), (3, 1))
    assert (height(given), height(given, "apart")) == (9, 7)


def test_aligned() -> None:
    """Two of 3 bytes at 0 and 4 leave a gap of 1; 2 bytes more go on top: 9. Unaligned, 3 + 3 + 2 = 8."""
    given = problem((3, 4), (3, 4), (2, 1))
    assert (height(given), height(given, "aligned")) == (9, 8)


def test_banked() -> None:
    """In banks of 8 bytes the second 5 bytes begin at 8 and end at 13; without borders at 10."""
    given = problem((5, 1), (5, 1), capacity=16, banks=2)
    assert (height(given), height(given, "banked")) == (13, 10)


def test_banks_that_leave_bytes_over() -> None:
    """Three banks of 5 in 17 bytes leave 2, which a judge counts as one more bank: 5, 5, 3 and, above 15, 2 bytes."""
    given = problem((4, 1), (4, 1), (4, 1), (2, 1), capacity=17, banks=3)
    assert (height(given), height(given, "banked")) == (17, 14)


def test_capacity() -> None:
    """As for apart, 9; a memory of 8 bytes is too small, though only 7 are ever alive. Without its end, 9 again."""
    given = problem((2, 4), (2, 4), (3, 1), capacity=8)
    assert (height(given), height(given, "capacity")) == (None, 9)


def test_height() -> None:
    """As for apart, 9; a height that follows no buffer stays at the live load, 7."""
    given = problem((2, 4), (2, 4), (3, 1))
    assert (height(given), height(given, "height")) == (9, 7)


def test_better() -> None:
    """9 is the optimum: there is nothing below 9, and 9 is found below 10."""
    shapes = (2, 4), (2, 4), (3, 1)
    assert height(problem(*shapes, below=10)) == 9
    assert (height(problem(*shapes, below=9)), height(problem(*shapes, below=9), "better")) == (None, 9)


def test_fixed() -> None:
    """3 bytes at 2 leave 2 beneath, which the other 2 take: 5. Another 3 fit only on top: 8, and without the rule 6."""
    lives = [Lifetime("a", "near", 0, 9, 3), Lifetime("b", "near", 0, 9, 3, address=2)]
    given = replace(scaled(lives, Memory("near", 64)), least_bytes=6)
    assert (height(given), height(given, "fixed")) == (8, 6)


SUM = [Lifetime("a", "near", 0, 5, 4), Lifetime("b", "near", 4, 9, 4, in_place="a"), Lifetime("c", "near", 4, 9, 2)]
"""Where b takes a over, c lies beside both: 6 bytes; else 4 + 4 + 2."""


def test_in_place() -> None:
    """a must lie at 0 and b at 4, so that b keeps bytes of its own while a lives, and d, which lives only then, goes on
    top: 12. Without the rule b would be in place wherever it lies, and d in its bytes: 8."""
    assert height(scaled(SUM, Memory("near", 64))) == 6
    lives = [replace(SUM[0], address=0), replace(SUM[1], address=4), Lifetime("d", "near", 4, 5, 4)]
    given = scaled(lives, Memory("near", 64))
    assert (height(given), height(given, "in_place")) == (12, 8)


def test_a_buffer_that_is_not_taken_over_keeps_its_bytes() -> None:
    """a must lie at 0 and b at 4: they cannot share, and c goes on top of both."""
    lives = [replace(SUM[0], address=0), replace(SUM[1], address=4), SUM[2]]
    assert height(scaled(lives, Memory("near", 64))) == 10


def test_enough() -> None:
    """All heights of up to 12 are as good as each other: 12 is the objective's least, whatever the packing."""
    given = replace(problem((2, 4), (2, 4), (3, 1)), enough_bytes=12)
    assert (height(given), height(given, "enough")) == (12, 9)
    answer = solve(Ask(given), EFFORT).address
    assert answer is not None
    assert max(answer[f"b{n}"] + size for n, size in enumerate((2, 2, 3))) <= 12


ALL = {
    "gaps": problem((2, 4), (2, 4), (3, 1)),
    "banks": problem((5, 1), (5, 1), (3, 2), capacity=16, banks=2),
    "alike": problem((3, 2), (3, 2), (3, 2), (1, 1)),
    "too small": problem((2, 4), (2, 4), (3, 1), capacity=8),
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("rule", ["least", "load", "identical"])
def test_redundant_rules_change_no_optimum(rule: str, name: str) -> None:
    assert height(ALL[name], rule) == height(ALL[name])
    assert height(ALL[name], "least", "load", "identical") == height(ALL[name])


def test_identical_buffers_have_one_order() -> None:
    """Two of 4 bytes could lie either way round; the rule leaves the first below the second. Asking for the other way
    by hand is possible only without it."""
    given = problem((4, 1), (4, 1))
    for without, possible in [(frozenset[str](), False), (frozenset({"identical"}), True)]:
        model = rectangles.formulate(given, without=without)
        model.model.add(model.address[0] > model.address[1])
        outcome = run(cp_model.CpSolver(), model.model, EFFORT)
        assert outcome.found is possible


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ALL)
def test_the_order_of_decisions_changes_no_optimum(name: str, order: Order) -> None:
    assert height(ALL[name], order=order) == height(ALL[name])


def test_the_docstring_names_every_rule() -> None:
    text = (rectangles.__doc__ or "").split("Rules")[1].split("Objective")[0]
    labels = re.findall(r"^\s{0,12}([a-z_]+)  ", text, re.MULTILINE)
    assert labels == list(RULES)
    assert all(function.__name__ == label for label, function in RULES.items())


def test_the_hint_is_accepted() -> None:
    """Every variable has a value that keeps every rule: identical buffers given the wrong way round, banks, gaps."""
    shapes = [(3, 1), (3, 1), (5, 2), (5, 2), (2, 4), (1, 1), (6, 1)]
    lives = [Lifetime(f"b{n}", "near", n % 3, 5 + n % 2, *shape) for n, shape in enumerate(shapes * 2)]
    lives += [Lifetime("again", "near", 0, 5, 3, 1)]  # as b0
    given = scaled(lives, Memory("near", 128, banks=4))
    hint, bank, used = {}, 0, 0
    for life in reversed(lives):
        start = -(-used // life.alignment_bytes) * life.alignment_bytes
        if start + life.size_bytes > 32:
            bank, start = bank + 1, 0
        hint[life.name], used = 32 * bank + start, start + life.size_bytes
    answer = solve(Ask(given, known=hint), Effort(0.05, deterministic=True))
    assert hint["b0"] > hint["again"]
    assert answer.outcome.hint == "accepted"
    spoilt = solve(Ask(given, known=hint | {"b6": hint["b5"]}), Effort(0.05, deterministic=True))
    assert spoilt.outcome.hint == "infeasible"
