"""Experiments as modules: their ``run.py``, which is no part of the package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def load(folder: Path) -> ModuleType:
    """``run.py`` of an experiment's folder."""
    name = f"{folder.name}_run"
    spec = importlib.util.spec_from_file_location(name, folder / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
