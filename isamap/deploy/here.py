"""The core of the target ``host``, kept beside the compiled kernels: hardware files take longer to read than kernels.

What is kept is good as long as the calibration, this CPU's features and isamap's version are what they were.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from isamap.codegen.native import host
from isamap.deploy.kept import put
from isamap.host import NAME, calibrated_file, load_target
from isamap.ir.cpu import Cache, Core, MultiplyAdd
from isamap.ir.target_machine import TargetMachine
from isamap.result import isamap_version
from isamap.tiling.cached import core_of


def kernels_folder() -> Path:
    """Where compiled kernels are kept: beside the calibration."""
    return calibrated_file().parent / "kernels"


def host_core() -> Core:
    """This CPU's core: as calibrated, or as described. Raises InputError on an unknown CPU."""
    return _core(calibrated_file())


@cache
def _core(file: Path) -> Core:
    text = file.read_bytes() if file.is_file() else b""
    place = kernels_folder() / f"{sha256(text + f'{host()} {isamap_version()}'.encode()).hexdigest()}.core"
    try:
        return _read(json.loads(place.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        core = core_of(load_target(NAME))
        put(place, json.dumps(asdict(core)).encode())
        return core


def _read(said: dict[str, Any]) -> Core:
    llvm = said.pop("llvm")
    return Core(
        multiply_adds=tuple(
            MultiplyAdd(**{**each, "factors": tuple(each["factors"])}) for each in said.pop("multiply_adds")
        ),
        caches=tuple(Cache(**each) for each in said.pop("caches")),
        llvm=None if llvm is None else TargetMachine(**{**llvm, "features": tuple(llvm["features"])}),
        **said,
    )
