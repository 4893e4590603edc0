"""The house keeps its order: who may import whom, which guest lives where, and every number has a source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ROOT / "isamap"
FRONT_DOOR = "isamap"

LAYERS = [  # a room may import the rooms above its own line, never one on it
    ["errors"],
    ["ir"],
    ["bounds", "cpsat", "plugins", "worker"],
    ["spec", "frontends", "mapping", "tiling", "scheduling", "placement", "lowering", "check", "simulate", "codegen"],
    ["search"],
    ["judge", "placing"],
    ["compiled"],
    ["plan"],
    ["compile"],
    ["result"],
    ["start", "verify", "host"],
    ["explore", "deploy", "report"],
    [FRONT_DOOR],
    ["cli"],
    ["__main__"],
]
MAY_IMPORT = {room: {r for below in LAYERS[:i] for r in below} for i, rooms in enumerate(LAYERS) for room in rooms}
MAY_IMPORT["search"] = {"errors", "ir", "bounds"}

GUESTS = {  # guest: the rooms that it may enter
    "z3": {"mapping"},
    "ortools": {"tiling", "scheduling", "placement"},
    "numpy": {"simulate", "codegen", "frontends", "explore", "deploy", "report"},
    "networkx": {"check", "scheduling", "frontends", "report"},
    "llvmlite": {"codegen"},
    "loky": {"worker"},
    "ruamel": {"spec"},
    "yaml": set(),
    "pydantic": {"spec"},
    "plotly": {"report"},
    "jinja2": {"report"},
    "pygad": {"search"},
    "matplotlib": set(),
    "typer": {"cli"},
    "click": {"cli"},
    "rich": {"cli", "report"},
}
EMPTY_NAMES = {"utils", "util", "core", "manager", "managers", "helpers", "helper"}


def imports(tree: ast.AST, package: str) -> Iterator[tuple[str, int]]:
    """Every module that the code imports, anywhere in it, with the line; ``package`` resolves relative imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                parent = package.split(".")[: len(package.split(".")) - level + 1] if level else []
                base = ".".join([*parent, *([module] if module else [])])
                yield from ((f"{base}.{a.name}" if base == "isamap" else base, node.lineno) for a in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str() as name), *_],
            ):
                yield name, node.lineno


def offences(text: str, room: str, package: str, rooms: set[str]) -> Iterator[tuple[int, str]]:
    """The imports in ``text`` that ``room`` may not make."""
    if room not in MAY_IMPORT:
        yield 1, f"{room} is no room of the house: {' '.join(MAY_IMPORT)}"
        return
    for name, line in imports(ast.parse(text), package):
        guest, *rest = name.split(".")
        if guest == "isamap":  # a name of the package that is no room comes from the front door
            target = rest[0] if rest and rest[0] in rooms else FRONT_DOOR
            if target != room and target not in MAY_IMPORT[room]:
                yield line, f"{room} imports {target}; it may import: {' '.join(sorted(MAY_IMPORT[room])) or 'nothing'}"
        elif guest in GUESTS and room not in GUESTS[guest]:
            yield line, f"{room} imports {guest}, which lives in: {' '.join(sorted(GUESTS[guest])) or 'no room'}"


def test_imports_keep_to_their_layers() -> None:
    rooms = {p.stem for p in HOUSE.iterdir() if p.name != "__init__.py"} | set(MAY_IMPORT)
    found = []
    for path in sorted(HOUSE.rglob("*.py")):
        first = path.relative_to(HOUSE).parts[0]
        room = FRONT_DOOR if first == "__init__.py" else first.removesuffix(".py")
        package = ".".join(path.relative_to(ROOT).parent.parts)
        for line, what in offences(path.read_text(), room, package, rooms):
            found.append(f"{path.relative_to(ROOT)}:{line}: {what}")
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("room", "text", "allowed"),
    [
        ("ir", "from isamap.errors import Fault", True),
        ("ir", "from isamap import errors", True),
        ("ir", "import numpy", False),
        ("mapping", "import z3", True),
        ("tiling", "def f():\n    from ortools.sat.python import cp_model", True),
        ("tiling", "def f():\n    import z3", False),
        ("tiling", "from isamap.mapping import match", False),
        ("tiling", "from ..mapping import match", False),
        ("tiling", "from isamap import mapping", False),
        ("tiling", "from isamap import Target", False),
        ("tiling", "import importlib\nm = importlib.import_module('isamap.scheduling')", False),
        ("tiling", "from .factors import split", True),
        ("search", "from isamap.bounds import units", True),
        ("search", "from isamap.tiling import solve", False),
        ("compile", "from isamap.search import minimise", True),
        ("report", "from isamap.explore import sweep", False),
        ("cli", "from isamap import report, __version__", True),
        ("errors", "from isamap.ir import Einsum", False),
        ("cellar", "import os", False),
    ],
)
def test_the_rules_have_teeth(room: str, text: str, allowed: bool) -> None:
    assert allowed is not bool(list(offences(text, room, f"isamap.{room}", set(MAY_IMPORT))))


def test_names_say_what_is_inside() -> None:
    places = [HOUSE, ROOT / "tests", ROOT / "experiments"]
    files = [p for place in places for p in place.rglob("*") if "__pycache__" not in p.parts]
    assert not [f"{p.relative_to(ROOT)}:1" for p in files if p.stem in EMPTY_NAMES]


@pytest.mark.parametrize("path", sorted((ROOT / "hardware_specs").rglob("*.yaml")), ids=lambda p: p.stem)
def test_every_number_has_a_source(path: Path) -> None:
    machine = YAML(typ="rt").load(path.read_text())
    found = [] if machine.get("source") else [f"{path.relative_to(ROOT)}:1: the machine has no source"]
    for kind in ("memories", "transfers", "instructions"):
        for name, entry in machine.get(kind, {}).items():
            if not str(entry.get("source") or "").strip():
                line = machine[kind].lc.key(name)[0] + 1
                found.append(f"{path.relative_to(ROOT)}:{line}: {kind} {name} has no source")
    assert not found, "\n" + "\n".join(found)
