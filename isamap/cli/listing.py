"""``isamap list``: the kernels and machines that come with isamap, and the functions that other packages bring."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from isamap.cli.arguments import Json
from isamap.cli.terminal import print_json, show
from isamap.errors import InputError

if TYPE_CHECKING:
    from isamap.spec import Kind


def list_names(as_json: Json = False) -> None:
    """Lists the kernels and machines that come with isamap, and installed heuristics, cost models and rankings."""
    kernels, targets = _entries("kernel"), [*_host(), *_entries("hardware")]
    functions = {kind: _functions(kind) for kind in ("heuristic", "cost_model", "ranking")}
    if as_json:
        print_json({"kernels": kernels, "targets": targets, **{f"{kind}s": found for kind, found in functions.items()}})
        return
    from isamap.report.tables import name_table

    titles = {"heuristic": "Heuristics", "cost_model": "Cost models", "ranking": "Rankings"}
    tables = [name_table(titles[kind], found) for kind, found in functions.items() if found]
    show(name_table("Kernels", kernels), name_table("Targets", targets), *tables)


def _entries(kind: Kind) -> list[dict[str, str]]:
    from isamap.spec import bundled

    return [
        {"name": name, "description": _first_comment(path), "file": str(path)}
        for name, path in sorted(bundled(kind).items())
    ]


def _host() -> list[dict[str, str]]:
    """This machine, where isamap has a description of it."""
    from isamap.host import detected

    try:
        found = detected()
    except InputError:
        return []
    how = "as measured" if found.is_calibrated else "not yet measured: isamap calibrate"
    return [{"name": "host", "description": f"This CPU, {found.cpu}, {how}", "file": str(found.file)}]


def _functions(kind: str) -> list[dict[str, str]]:
    """The installed functions of a kind: what each is in its package; none is loaded."""
    from isamap.plugins import installed

    return [
        {"name": entry.name, "description": f"{entry.value}, of {entry.dist.name} {entry.dist.version}"}
        if entry.dist
        else {"name": entry.name, "description": entry.value}
        for entry in installed(kind)
    ]


def _first_comment(path: Path) -> str:
    """The first sentence of the comment at the top of a file, without the file's own name."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").rstrip())
    text = " ".join(lines).partition(". ")[0].rstrip(".")
    name = f"{path.stem}: "
    return text[len(name) :].capitalize() if text.startswith(name) else text
