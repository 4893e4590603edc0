"""What is found for a kernel on a core, as JSON: how it is cut, and the cycles that the model thinks it takes."""

from __future__ import annotations

from typing import Any

from isamap.deploy.code import Code
from isamap.ir.blocking import Blocking
from isamap.result import BLOCKING_FORMAT, KEYS


def summary(code: Code) -> dict[str, Any]:
    """What ``isamap compile --json`` prints: the keys of every answer, null where only a run could tell."""
    known = {
        "kernel": code.work.name,
        "target": code.core.name,
        "status": "feasible",
        "objective": "latency",
        "value": code.estimated_cycles,
        "certificate": "none",
        "latency_cycles": code.estimated_cycles,
        "latency_source": "model",
        "measured_by": "isamap run",
        "match": {"instruction": code.product.instruction, "axes": {"i": [code.how.vector]}},
        "blocking": blocking(code),
        "scratch_bytes": code.scratch_bytes,
    }
    return {**dict.fromkeys(KEYS), **known}


def to_json(code: Code) -> dict[str, Any]:
    """The content of a file, which says that it holds no program."""
    return {"format": BLOCKING_FORMAT, "version": 1, **summary(code)}


def blocking(code: Code) -> dict[str, Any]:
    """The loops from outer to inner, the register tile that they leave, panels and prefetches."""
    how: Blocking = code.how
    tile = how.tile(code.what.extents)
    return {
        "vector": how.vector,
        "loops": [{"axis": loop.axis, "step": loop.step} for loop in how.loops],
        "register_tile": {axis: tile[axis] for axis in code.what.parallel},
        "reduced_tile": {axis: tile[axis] for axis in code.what.reduced},
        "panels": [{"tensor": each.tensor, "depth": each.depth, "before": each.before} for each in how.panels],
        "prefetches": [{"tensor": p.tensor, "ahead": p.ahead, "level": p.level} for p in how.prefetches],
        "early": list(how.early),
        "unroll": how.unroll,
    }
