"""The front door opens on what it names, before and after the rooms were entered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import isamap

ROOMS = {path.stem for path in Path(isamap.__file__).parent.iterdir()}


@pytest.mark.parametrize("name", [name for name in isamap.__all__ if name != "__version__"])
def test_every_name_is_there_and_is_no_room(name: str) -> None:
    assert name not in ROOMS, "the room would take the name's place as soon as it is imported"
    assert callable(getattr(isamap, name))


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(
        AttributeError,
        match="isamap has no 'complie'; it has Compiled, Options, Plugins, compare_methods, compile_fixed",
    ):
        getattr(isamap, "complie")  # noqa: B009


def test_importing_isamap_imports_no_room() -> None:
    code = "import sys, isamap; print([m for m in sys.modules if m.startswith('isamap.') or m in ('numpy', 'z3')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
