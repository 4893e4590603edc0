"""Files -> nouns: kernels, hardware, sweeps, buffers. Every mistake of a file is reported at its line and column.

Read in this order: ``resolve`` (names to files), ``document`` (YAML with places), ``conform`` (shapes), ``kernel``,
``hardware``, ``settings``, ``sweep``, ``fix``; ``buffers`` (CSV) stands by itself.
``calibrated`` writes a hardware file.
"""

from isamap.spec.buffers import Buffers, parse_buffers, read_buffers, write_buffers
from isamap.spec.calibrated import calibrated, measured_on
from isamap.spec.diagnostic import Diagnostic, SpecError
from isamap.spec.fix import FixedFile, load_fix
from isamap.spec.hardware import load_target
from isamap.spec.kernel import load_workload
from isamap.spec.resolve import Kind, available, bundled, resolve
from isamap.spec.schema import Written, schema
from isamap.spec.settings import parse_setting, split_settings
from isamap.spec.sweep import Sweep, load_sweep

__all__ = ["Buffers", "Diagnostic", "FixedFile", "Kind", "SpecError", "Sweep", "Written", "available", "bundled",
           "calibrated", "load_fix", "load_sweep", "load_target", "load_workload", "measured_on", "parse_buffers",
           "parse_setting", "read_buffers", "resolve", "schema", "split_settings", "write_buffers"]  # fmt: skip
