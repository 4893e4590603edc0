"""``isamap schema``: the JSON Schema of the files that users write, by which an editor completes and checks them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

KindName = Annotated[Literal["kernel", "hardware", "sweep", "fix"], typer.Argument(help="The kind of file.")]
SchemaFile = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there instead of printing it.")
]


def print_schema(kind: KindName, output: SchemaFile = None) -> None:
    """Prints the JSON Schema of a kind of file."""
    from isamap.spec import schema

    text = json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        typer.echo(text, nl=False)
        return
    from isamap.result import write_whole

    write_whole(output, text)
    typer.echo(f"schema: {output}")
