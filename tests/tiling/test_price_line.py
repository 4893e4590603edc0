"""The line below a transfer's cost: nowhere above it, and found without trying every size of a large memory."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from isamap.ir.expression import Expression, evaluate, parse
from isamap.ir.hardware import cycles
from isamap.tiling.exact import price

COSTS = ["ceil(bytes/16)", "ceil(bytes/20)", "ceil(10*bytes/256)", "ceil((bytes + 7)/48) + 3", "ceil((bytes + 7)/48)"]


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("unit", [1, 2, 4])
def test_the_line_touches_the_cost_from_below(cost: str, unit: int) -> None:
    found = price.line(parse(cost), unit, 4096, whole=True)
    above = [
        evaluate(parse(cost), {"bytes": size}) - (found.slope * size + found.fixed)
        for size in range(unit, 4097, unit)
    ]  # fmt: skip
    assert min(above) == 0


def test_a_large_memory_is_not_tried_size_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def noted(cost: Expression, values: Mapping[str, int]) -> int:
        tried.append(values["bytes"])
        return cycles(cost, values)

    monkeypatch.setattr(price, "cycles", noted)
    found = price.line(parse("ceil(bytes/23)"), 1, 1 << 16, whole=True)
    assert found.slope.as_integer_ratio() == (1, 23)
    assert tried == list(range(1, 24))
