"""JSON Schema of the files that users write, for editors and for ``isamap schema``."""

from __future__ import annotations

from typing import Any, Literal

from isamap.spec.conform import Shape
from isamap.spec.fix_schema import FixFile
from isamap.spec.hardware_schema import HardwareFile
from isamap.spec.kernel_schema import KernelFile
from isamap.spec.resolve import Kind
from isamap.spec.sweep_schema import SweepFile

Written = Kind | Literal["sweep", "fix"]
"""The kinds of files that users write."""

_SCHEMAS: dict[Written, type[Shape]] = {
    "kernel": KernelFile,
    "hardware": HardwareFile,
    "sweep": SweepFile,
    "fix": FixFile,
}


def schema(kind: Written) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a kind of file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_SCHEMAS[kind].model_json_schema()}
