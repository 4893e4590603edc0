"""How fast are products of unsigned by signed bytes, packing counted? DeepBench's inference sizes, cubes, ragged ones.

    python experiments/e16_int8_gemm/run.py [--seconds S] [--only N] [--again] [--first-choice]

Writes results.json, picture.svg and the tables of README.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # what experiments have in common

from contests import Experiment, Size  # noqa: E402

CUBES = (16, 32, 64, 128, 256, 512, 1024)
RAGGED = ((13, 13, 13), (31, 33, 29), (65, 65, 65), (127, 129, 63), (250, 251, 253), (1, 1000, 1000))
PUBLISHED = (  # rows, columns, summed: DeepBench, code/kernels/gemm_problems.h, inference_server_set and others
    (700, 35, 2048), (700, 35, 2560), (1500, 35, 2048), (1500, 35, 2560), (1, 3072, 1024), (2, 3072, 1024),
    (4, 3072, 1024), (16, 512, 512), (32, 512, 512), (16, 1024, 512), (32, 1024, 512), (1, 4608, 1536),
    (4, 4608, 1536), (1, 6144, 2048), (4, 6144, 2048), (1, 7680, 2560), (4, 7680, 2560), (1500, 512, 1536),
    (1500, 512, 2048), (1500, 512, 2560), (1500, 128, 1280), (1500, 3072, 128), (1500, 4224, 176), (16, 1760, 1760),
    (32, 1760, 1760), (64, 1760, 1760), (128, 1760, 1760), (16, 2048, 2048), (128, 2048, 2048), (16, 4096, 4096),
    (64, 4096, 4096),
)  # fmt: skip
SIZES = tuple(Size(*size) for size in (*((n, n, n) for n in CUBES), *RAGGED, *PUBLISHED))
EXPERIMENT = Experiment(HERE, "Products of unsigned by signed bytes", ("u8", "s8", "s32"), SIZES, 3.0)

if __name__ == "__main__":
    sys.exit(EXPERIMENT.main())
