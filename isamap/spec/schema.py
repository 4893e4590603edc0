"""JSON Schema of the files that users write, for editors and for ``isamap schema``."""

from __future__ import annotations

from typing import Any, Literal

from isamap.spec.conform import Shape
from isamap.spec.hardware_schema import HardwareFile
from isamap.spec.kernel_schema import KernelFile
from isamap.spec.resolve import Kind
from isamap.spec.sweep_schema import SweepFile

_SCHEMAS: dict[Kind | Literal["sweep"], type[Shape]] = {
    "kernel": KernelFile,
    "hardware": HardwareFile,
    "sweep": SweepFile,
}


def schema(kind: Kind | Literal["sweep"]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a kind of file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_SCHEMAS[kind].model_json_schema()}
