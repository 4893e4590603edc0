"""``isamap list``: the kernels and machines that come with isamap."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from isamap.cli.arguments import Json
from isamap.cli.terminal import print_json, show
from isamap.errors import InputError

if TYPE_CHECKING:
    from isamap.spec import Kind


def list_names(as_json: Json = False) -> None:
    """Lists the kernels and machines that come with isamap."""
    kernels, targets = _entries("kernel"), [*_host(), *_entries("hardware")]
    if as_json:
        print_json({"kernels": kernels, "targets": targets})
        return
    from isamap.report.tables import name_table

    show(name_table("Kernels", kernels), name_table("Targets", targets))


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
