"""How fast are small products of float matrices, where calls and edges count? Cubes from 8 to 256, and ragged sizes.

    python experiments/e15_small_gemm/run.py [--seconds S] [--only N] [--again] [--first-choice]

Writes results.json, picture.svg and the tables of README.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # what experiments have in common

from contests import Experiment, Size  # noqa: E402

CUBES = (8, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)
RAGGED = (
    (5, 7, 9), (13, 13, 13), (17, 19, 23), (31, 33, 29), (47, 50, 61), (65, 65, 65), (100, 100, 100), (127, 129, 63),
    (200, 30, 170), (1, 100, 100), (100, 1, 100), (7, 255, 255), (255, 7, 255), (255, 255, 7), (250, 251, 253),
)  # fmt: skip
SIZES = (
    *(Size(n, n, n) for n in CUBES),
    *(Size(*size) for size in RAGGED),
    *(Size(n, n, n, how) for n in (16, 64, 256) for how in ("TN", "NT", "TT")),
)
EXPERIMENT = Experiment(HERE, "Small products of matrices", ("f32", "f32", "f32"), SIZES, 3.0)

if __name__ == "__main__":
    sys.exit(EXPERIMENT.main())
