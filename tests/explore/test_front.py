"""The Pareto front on points made by hand: ties, unknown values, and against the definition on random ones."""

from __future__ import annotations

import random

import pytest

from isamap.explore import pareto_front


@pytest.mark.parametrize(
    ("points", "front"),
    [
        ([], ()),
        ([(3,)], (0,)),
        ([(3,), (2,), (2,), (5,)], (1, 2)),  # equal points share the front
        ([(1, 9), (2, 5), (3, 5), (4, 1), (4, 2)], (0, 1, 3)),  # a tie in one value decides by the other
        ([(4, 1), (1, 4), (2, 2), (3, 3)], (0, 1, 2)),  # in the order given
        ([(None, 1), (2, 2), (3, None), (3, 3)], (1,)),  # what is not known neither wins nor beats
        ([(None, None)], ()),
        ([(1, 2, 3), (1, 2, 2), (1, 3, 1)], (1, 2)),
        ([(0.5, 1), (0.5, 1.0), (1, 0)], (0, 1, 2)),
    ],
)
def test_by_hand(points: list[tuple[float | None, ...]], front: tuple[int, ...]) -> None:
    assert pareto_front(points) == front


@pytest.mark.parametrize("seed", range(20))
def test_by_definition(seed: int) -> None:
    dice = random.Random(seed)
    width = dice.randint(1, 4)
    points = [tuple(dice.randint(0, 6) for _ in range(width)) for _ in range(60)]

    def beaten(point: tuple[int, ...]) -> bool:
        return any(all(a <= b for a, b in zip(other, point, strict=True)) and other != point for other in points)

    assert pareto_front(points) == tuple(n for n, point in enumerate(points) if not beaten(point))
