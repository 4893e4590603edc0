"""A right placement, spoiled once per rule."""

from __future__ import annotations

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
)


def rules(*pairs: tuple[Lifetime, int]) -> list[str]:
    return [violation.rule for violation in check_placement(Placement(pairs), bundled("p16"))]


def test_a_right_placement() -> None:
    assert rules(*RIGHT) == []


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
        ("overlap", Lifetime("x", "spad", 4, 6, 2), 1022),
    ],
)
def test_each_rule_is_named(rule: str, life: Lifetime, address: int) -> None:
    found = rules(*RIGHT, (life, address))
    assert set(found) == {rule}
    assert rule in RULES


def test_touching_neighbours_do_not_overlap() -> None:
    assert rules((Lifetime("x", "spad", 0, 10, 512), 0), (Lifetime("y", "spad", 0, 10, 512), 512)) == []
    assert rules((Lifetime("x", "spad", 0, 10, 514), 0), (Lifetime("y", "spad", 0, 10, 512), 512)) == ["overlap"]
