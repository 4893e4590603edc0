"""ZigZag on p16's matrix products, for latency: one line of JSON, {kernel: cycles}; exit code 3 where it is missing.

It runs in an interpreter of its own, because a peer's dependencies need not be isamap's: ``PYTHON run_zigzag.py``.
zigzag_p16.yaml describes the machine to it: accumulators of two words at each of 16 x 16 multipliers, the ports and the
bus as wide as p16's; costs are per access of a whole port.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

MACHINE = Path(__file__).parent / "zigzag_p16.yaml"
GEMMS = {"g64": (64, 64, 64), "gmed": (128, 256, 512), "gdb1": (1760, 128, 1760)}
MAPPING = {
    "name": "default",
    "spatial_mapping": {"D1": ["B, 16"], "D2": ["K, 16"]},
    "memory_operand_links": {"O": "O", "W": "I2", "I": "I1"},
}


def layer(m: int, n: int, k: int) -> dict[str, Any]:
    """A matrix product in ZigZag's words: B and K are the output's axes, C is summed over."""
    return {
        "id": 0,
        "name": "gemm",
        "operator_type": "Gemm",
        "equation": "O[b][k]+=I[b][c]*W[c][k]",
        "loop_dims": ["B", "K", "C"],
        "loop_sizes": [m, n, k],
        "operand_precision": {"I": 16, "W": 16, "O": 16, "O_final": 16},
        "operand_source": {"I": 0, "W": 0},
    }


def cycles(m: int, n: int, k: int, folder: Path) -> int:
    """The latency of the mapping that LOMA finds, in ZigZag's model."""
    from zigzag.api import get_hardware_performance_zigzag

    work, mapping = folder / "work.yaml", folder / "mapping.yaml"
    work.write_text(json.dumps([layer(m, n, k)]))  # JSON is YAML
    mapping.write_text(json.dumps([MAPPING]))
    logging.disable(logging.WARNING)
    found = get_hardware_performance_zigzag(
        str(work), str(MACHINE), str(mapping), opt="latency", dump_folder=str(folder), loma_show_progress_bar=False
    )
    return round(found[1])


def main() -> int:
    if find_spec("zigzag") is None:
        return 3
    with tempfile.TemporaryDirectory() as folder:
        found = {kernel: cycles(*shape, Path(folder)) for kernel, shape in GEMMS.items()}
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
