"""A right placement, spoiled once per rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.check.placement import RULES, check_placement
from isamap.ir.answers import Lifetime, Placement
from tests.machines import bundled

RIGHT = (
    (Lifetime("a", "spad", 0, 10, 512), 0),
    (Lifetime("b", "spad", 0, 5, 512), 512),
    (Lifetime("c", "spad", 5, 10, 512), 512),  # begins when b ends
    (Lifetime("d", "acc", 0, 10, 512), 512),
    (Lifetime("e", "spad", 0, 10, 100, 64), 1024),
    (Lifetime("f", "spad", 0, 10, 6, address=1124), 1124),
    (Lifetime("g", "spad", 9, 12, 512, in_place="c"), 512),  # is written while c is read
    (Lifetime("h", "spad", 0, 10, 0), 2),  # has no bytes to share
)
ASKED = [life for life, _ in RIGHT]


def rules(*pairs: tuple[Lifetime, int]) -> list[str]:
    return [violation.rule for violation in check_placement(Placement(pairs), bundled("p16"))]


def test_a_right_placement() -> None:
    assert rules(*RIGHT) == []
    assert check_placement(Placement(RIGHT), bundled("p16"), ASKED) == []


@pytest.mark.parametrize(
    ("rule", "life", "address"),
    [
        ("duplicate", Lifetime("a", "spad", 20, 30, 512), 0),
        ("memory", Lifetime("x", "attic", 0, 10, 512), 0),
        ("memory", Lifetime("x", "", 0, 10, 512), 0),
        ("negative", Lifetime("x", "spad", 20, 30, 512), -2),
        ("capacity", Lifetime("x", "spad", 0, 10, 512), 65026),
        ("alignment", Lifetime("x", "spad", 0, 10, 512), 32769),
        ("alignment", Lifetime("x", "spad", 0, 10, 512, 64), 32800),
        ("bank", Lifetime("x", "acc", 20, 30, 512), 256),
        ("fixed", Lifetime("x", "spad", 0, 10, 512, address=4096), 8192),
        ("overlap", Lifetime("x", "spad", 4, 6, 2), 1022),
        ("overlap", Lifetime("x", "spad", 0, 10, 512), 0),
        ("in_place", Lifetime("x", "spad", 9, 11, 6, in_place="f"), 1126),  # beside the address
        ("in_place", Lifetime("x", "spad", 9, 11, 8, in_place="f"), 1124),  # larger
        ("in_place", Lifetime("x", "spad", 8, 9, 6, in_place="f"), 1124),  # f lives on
    ],
)
def test_each_rule_is_named(rule: str, life: Lifetime, address: int) -> None:
    found = rules(*RIGHT, (life, address))
    assert set(found) == {rule}
    assert rule in RULES


def test_what_was_asked_for_and_has_no_address() -> None:
    found = check_placement(Placement(RIGHT[1:]), bundled("p16"), ASKED)
    assert [(violation.rule, violation.where) for violation in found] == [("missing", "a")]


@pytest.mark.parametrize("change", [{"size_bytes": 256}, {"end_cycles": 9}, {"alignment_bytes": 2}, {"name": "z"}])
def test_what_nobody_asked_for(change: dict[str, int | str]) -> None:
    spoilt = (replace(RIGHT[0][0], **change), 0)  # type: ignore[arg-type]
    found = check_placement(Placement((spoilt, *RIGHT[1:])), bundled("p16"), ASKED)
    assert {violation.rule for violation in found} - {"missing"} == {"changed"}


def test_every_rule_is_tried() -> None:
    tried = {mark.args[1][n][0] for mark in test_each_rule_is_named.pytestmark for n in range(len(mark.args[1]))}
    assert tried | {"missing", "changed"} == set(RULES)
    assert len(RULES) >= 8


def test_touching_neighbours_do_not_overlap() -> None:
    assert rules((Lifetime("x", "spad", 0, 10, 512), 0), (Lifetime("y", "spad", 0, 10, 512), 512)) == []
    assert rules((Lifetime("x", "spad", 0, 10, 514), 0), (Lifetime("y", "spad", 0, 10, 512), 512)) == ["overlap"]
