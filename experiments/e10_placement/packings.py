"""Perfect packings: buffers that fill a box of time and bytes without a gap, so that the least height is the box's own.

A box is cut until it has so many pieces, the largest pieces most often: across, along, or into a pinwheel of five, four
around one, which no guillotine cuts (cuts from edge to edge) can make.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from isamap.ir.answers import Lifetime, Placement

PINWHEELS = 0.5  # of the cuts, where a piece is large enough for one


@dataclass(frozen=True)
class Box:
    """Cycles [left, right) and bytes [low, high)."""

    left: int
    right: int
    low: int
    high: int

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.high - self.low)


def perfect_packing(count: int, seed: int, *, cycles: int = 1000, height: int = 4096) -> Placement:
    """``count`` buffers in random order and where they lie; ``height`` bytes at every one of the cycles."""
    random = Random(seed)
    boxes = [Box(0, cycles, 0, height)]
    if not 1 <= count <= boxes[0].area:
        raise ValueError(f"expected 1 to {boxes[0].area} pieces, got {count}")
    while len(boxes) < count:
        (n,) = random.choices(range(len(boxes)), [box.area if box.area > 1 else 0 for box in boxes])
        boxes[n : n + 1] = _cut(boxes[n], random, most=count - len(boxes) + 1)
    random.shuffle(boxes)
    return Placement(
        tuple(
            (Lifetime(f"b{n}", "memory", box.left, box.right, box.high - box.low), box.low)
            for n, box in enumerate(boxes)
        )
    )


def _cut(box: Box, random: Random, most: int) -> list[Box]:
    """Two pieces or five, but no more than ``most``."""
    wide, tall = box.right - box.left, box.high - box.low
    if most >= 5 and wide >= 3 and tall >= 3 and random.random() < PINWHEELS:
        return _pinwheel(box, random)
    if tall == 1 or (wide > 1 and random.random() < 0.5):
        middle = random.randrange(box.left + 1, box.right)
        return [Box(box.left, middle, box.low, box.high), Box(middle, box.right, box.low, box.high)]
    middle = random.randrange(box.low + 1, box.high)
    return [Box(box.left, box.right, box.low, middle), Box(box.left, box.right, middle, box.high)]


def _pinwheel(box: Box, random: Random) -> list[Box]:
    """Four arms around a hub, turning one way or the other."""
    a, b = sorted(random.sample(range(box.left + 1, box.right), 2))
    c, d = sorted(random.sample(range(box.low + 1, box.high), 2))
    hub = Box(a, b, c, d)
    if random.random() < 0.5:
        arms = [
            (box.left, b, box.low, c),
            (b, box.right, box.low, d),
            (a, box.right, d, box.high),
            (box.left, a, c, box.high),
        ]
    else:
        arms = [
            (a, box.right, box.low, c),
            (box.left, a, box.low, d),
            (box.left, b, d, box.high),
            (b, box.right, c, box.high),
        ]
    return [hub, *(Box(*arm) for arm in arms)]
