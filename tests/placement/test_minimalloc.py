"""Published buffers of MiniMalloc (Apache-2.0), where they are at hand, at the capacity that their file is named by."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from isamap.check.placement import check_placement
from isamap.ir.answers import Lifetime
from isamap.ir.effort import Effort
from isamap.ir.hardware import Memory, Target
from isamap.placement import place_exactly

DATA = Path(os.environ.get("ISAMAP_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")


@pytest.mark.parametrize("name", ["input.12", "G.1048576"])
def test_it_fits_its_capacity(name: str) -> None:
    path = DATA / "placement" / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"no {path}: set ISAMAP_DATA to a folder with placement/{path.name}")
    with path.open(newline="") as file:
        lives = [
            Lifetime(row["id"], "near", int(row["lower"]), int(row["upper"]), int(row["size"]))
            for row in csv.DictReader(file)
        ]
    capacity = int(name.rsplit(".", 1)[1])
    target = Target("box", (Memory("near", capacity),), (), (), (), (), (), ())
    solved = place_exactly(lives, target, effort=Effort(2, deterministic=True))
    assert (solved.status, solved.value, solved.bound) == ("optimal", capacity, capacity)
    assert solved.answer is not None
    assert check_placement(solved.answer, target) == []
