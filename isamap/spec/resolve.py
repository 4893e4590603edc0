"""From names to files: a path, ISAMAP_PATH, the current folder, the repository, the data packaged with isamap.

``g64`` and ``p16/g64`` both find ``models/p16/g64.yaml``. The first place that has a file wins; two files of one place
that fit a bare name equally are ambiguous.
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import Literal

from isamap.errors import InputError
from isamap.spec.diagnostic import did_you_mean
from isamap.spec.document import Document, parse, read

Kind = Literal["kernel", "hardware"]
FOLDERS: dict[Kind, str] = {"kernel": "models", "hardware": "hardware_specs"}
_SUFFIXES = (".yaml", ".yml")


def resolve(name: str, kind: Kind) -> Path:
    """The file that ``name`` means; raises InputError where there is none or more than one."""
    direct = Path(name)
    if name and direct.exists() and not direct.is_dir():
        return direct
    for place, deep in _places(kind):
        found = _exact(place, name) or (_below(place, name) if deep else [])
        if len(found) > 1:
            listed = ", ".join(_name(path, place) for path in found)
            raise InputError(f"{kind} {name!r} is ambiguous: {listed}; give the folder too")
        if found:
            return found[0]
    known = available(kind)
    bare = {path.stem for path in known.values()}
    hint = did_you_mean(name.removesuffix(".yaml"), [*known, *sorted(bare)])
    listed = " ".join(sorted(known)) or "none"
    raise InputError(f"no {kind} {name!r}" + (f"; {hint}" if hint else "") + f" There are: {listed}")


def open_document(source: str | Path, kind: Kind) -> Document:
    """The document that a path, a name or YAML text (more than one line) means; raises InputError."""
    if isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{")):
        return parse(source, "<text>")
    return read(source if isinstance(source, Path) else resolve(source, kind))


def bundled(kind: Kind) -> dict[str, Path]:
    """Name -> file of all that comes with isamap, for ``isamap list``."""
    return _listed(_shipped(kind))


def available(kind: Kind) -> dict[str, Path]:
    """Name -> file of all that ``resolve`` can find by name."""
    found: dict[str, Path] = {}
    for place, deep in reversed(_places(kind)):
        found |= _listed([place]) if deep else {_name(p, place): p for s in _SUFFIXES for p in place.glob(f"*{s}")}
    return found


def _places(kind: Kind) -> list[tuple[Path, bool]]:
    """Folders in the order of search, and whether their subfolders are searched too."""
    own = [Path(folder).expanduser() for folder in os.environ.get("ISAMAP_PATH", "").split(os.pathsep) if folder]
    places = [(place, True) for folder in own for place in (folder, folder / FOLDERS[kind])]
    places += [(Path(), False), (Path(FOLDERS[kind]), True)]
    return places + [(place, True) for place in _shipped(kind)]


def _shipped(kind: Kind) -> list[Path]:
    repository = Path(__file__).resolve().parents[2]
    packaged = files("isamap").joinpath("_data", FOLDERS[kind])
    is_checkout = all((repository / folder).is_dir() for folder in FOLDERS.values())
    places = [repository / FOLDERS[kind]] if is_checkout else []
    return [*places, packaged] if isinstance(packaged, Path) else places


def _exact(place: Path, name: str) -> list[Path]:
    candidates = [place / name, *(place / f"{name}{suffix}" for suffix in _SUFFIXES)] if name else []
    return [path for path in candidates if path.is_file()][:1]


def _below(place: Path, name: str) -> list[Path]:
    wanted = Path(name).name.removesuffix(".yaml").removesuffix(".yml")
    return [path for path in _all(place) if path.stem == wanted] if Path(name).name == name and name else []


def _all(place: Path) -> list[Path]:
    """Every YAML file below ``place``; hidden folders and those that are places themselves are left out."""
    found = (path for suffix in _SUFFIXES for path in place.rglob(f"*{suffix}") if path.is_file())
    parts = ((path, path.relative_to(place).parts) for path in found)
    return sorted(
        path for path, p in parts if p[0] not in FOLDERS.values() and not any(part.startswith(".") for part in p)
    )


def _listed(places: list[Path]) -> dict[str, Path]:
    return {_name(path, place): path for place in reversed(places) for path in _all(place)}


def _name(path: Path, place: Path) -> str:
    return path.relative_to(place).with_suffix("").as_posix()
