"""The machine that isamap runs on, as the target ``host``: what ``isamap calibrate`` measured of it, or the bundled
description that fits its instruction sets.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isamap.errors import InputError
from isamap.spec import bundled, calibrated, measured_on
from isamap.spec import load_target as load_file

if TYPE_CHECKING:
    from isamap.ir.calibration import Calibration
    from isamap.ir.hardware import Target

NAME = "host"
SECONDS_EACH = 0.08  # per figure that is measured; there are about a hundred
_NOTHING: Mapping[str, object] = {}


@dataclass(frozen=True)
class Host:
    """This CPU, the features of its description that it has, and the file that describes it."""

    cpu: str
    features: tuple[str, ...]
    machine: str
    file: Path
    is_calibrated: bool
    note: str = ""

    def __str__(self) -> str:
        how = f"calibrated ({self.file})" if self.is_calibrated else "not calibrated (isamap calibrate measures it)"
        return f"host: {self.cpu} with {' '.join(self.features)}: {self.machine}, {how}" + self.note


def load_target(source: str | Path, settings: Mapping[str, object] = _NOTHING) -> Target:
    """The machine of a hardware file (a path, a bundled name, or YAML text), or ``host``: this one."""
    return load_file(machine_file(source), settings)


def machine_file(source: str | Path) -> str | Path:
    """The file that ``host`` means; anything else as it is. Raises InputError on a CPU of which nothing is known."""
    return detected().file if source == NAME else source


def detected() -> Host:
    """This CPU and the file that describes it; raises InputError where there is none."""
    from isamap.codegen.cpu import cpu_name, description, features

    had = features()
    described = description(had)
    cpu, file = cpu_name(), calibrated_file()
    found = tuple(sorted(had & {"avx2", "fma", *described.features}))
    note = _why_not(file, cpu)
    if note is None:
        return Host(cpu, found, described.machine, file, True)
    return Host(cpu, found, described.machine, bundled("hardware")[described.machine], False, note)


def _why_not(file: Path, cpu: str) -> str | None:
    """Why the file of a calibration is not that of ``cpu``; empty where there is no file, None where it is."""
    if not file.is_file():
        return ""
    try:
        of = measured_on(file)
    except InputError:
        return f"; {file} cannot be read"
    return None if of == cpu else f"; {file} is of another CPU: {of or 'it does not say which'}"


def calibrated_file() -> Path:
    """Where the calibration of this machine is kept: ``$XDG_CACHE_HOME/isamap/host.yaml``, or in ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        folder = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    except RuntimeError:  # no home
        raise InputError("host: expected a home folder or XDG_CACHE_HOME, got neither; give a file with -o") from None
    return folder / "isamap" / f"{NAME}.yaml"


def calibrate(
    output: Path | None, progress: Callable[[str], None], seconds_each: float = SECONDS_EACH
) -> tuple[Calibration, Path]:
    """Measures this machine and writes its hardware file, whole or not at all: to ``output``, or where ``host`` finds
    it. Raises InputError where that cannot be."""
    from isamap.codegen.calibrate import calibrate as measured
    from isamap.codegen.cpu import caches, description, features
    from isamap.result import require_writable, write_whole

    had = features()
    described, sizes = description(had), caches()
    final = output if output is not None else _kept()
    require_writable(final)
    found = measured(described, had, sizes, progress, seconds_each)
    text = calibrated(found)
    load_file(text)
    write_whole(final, text)
    return found, final


def _kept() -> Path:
    file = calibrated_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror or error}; give a file with -o") from None
    return file
