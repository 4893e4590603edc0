"""Columns of numbers for the page's script: little endian, as narrow as they fit, in base64."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isamap.report.page.html import Markup

_KINDS = ("u1", "i1", "u2", "i2", "u4", "i4", "f8")


def packed(numbers: NDArray[Any]) -> dict[str, str]:
    """``{"type": "u2", "data": "..."}`` of whole numbers; the script makes a typed array of it."""
    kind = next(kind for kind in _KINDS if kind == "f8" or _fits(numbers, np.dtype(kind)))
    return {"type": kind, "data": b64encode(numbers.astype(f"<{kind}").tobytes()).decode("ascii")}


def unpacked(column: dict[str, str]) -> NDArray[Any]:
    """The numbers again."""
    return np.frombuffer(b64decode(column["data"]), dtype=f"<{column['type']}")


def as_script(name: str, record: dict[str, Any]) -> Markup:
    """A script element that holds ``record`` as JSON, in which nothing can end the element."""
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=True)
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(f'<script type="application/json" id="{name}">{safe}</script>')


def _fits(numbers: NDArray[Any], kind: np.dtype[Any]) -> bool:
    if not len(numbers):
        return True
    limits = np.iinfo(kind)
    return bool(limits.min <= numbers.min() and numbers.max() <= limits.max)
