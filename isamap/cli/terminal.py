"""What goes to stdout: tables for a reader, or one JSON object."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_PIPE_COLUMNS = 120


def print_json(record: dict[str, Any]) -> None:
    """The one JSON object of a command."""
    typer.echo(json.dumps(record, ensure_ascii=False))


def show(*parts: RenderableType) -> None:
    """Tables and text for a reader."""
    out = console()
    for part in parts:
        out.print(part)


def console(*, stderr: bool = False) -> Console:
    """A console that takes text as it is; where there is no terminal it is wide and without colour."""
    from rich.console import Console

    made = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = _PIPE_COLUMNS
    return made
