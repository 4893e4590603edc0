"""How fast are the products of float matrices of DeepBench, and cubes, beside the libraries? One thread.

    python experiments/e14_deepbench_gemm/run.py [--seconds S] [--only N] [--again] [--first-choice]

Writes results.json, picture.svg and the tables of README.md. ``sizes.csv`` holds DeepBench's sizes, column-major.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # what experiments have in common

from contests import Experiment, Size  # noqa: E402

CUBES = (32, 64, 128, 256, 384, 512, 768, 1024)


def published() -> list[Size]:
    """DeepBench's sizes as row-major ones: C transposed is B transposed times A transposed, so that m and n, A and B
    change places, and what is given transposed stays so."""
    with (HERE / "sizes.csv").open(encoding="utf-8") as lines:
        return [
            Size(int(each["n"]), int(each["m"]), int(each["k"]), each["trans_b"] + each["trans_a"])
            for each in csv.DictReader(line for line in lines if not line.startswith("#"))
        ]


SIZES = (*(Size(n, n, n) for n in CUBES), *published())
EXPERIMENT = Experiment(HERE, "DeepBench's products of matrices", ("f32", "f32", "f32"), SIZES, 1.0)

if __name__ == "__main__":
    sys.exit(EXPERIMENT.main())
