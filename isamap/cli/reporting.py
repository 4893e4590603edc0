"""``isamap report``: a result file as one HTML page, made from running its program again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from isamap.cli.exits import CHECK_FAILED, complain
from isamap.cli.progress import Progress
from isamap.cli.simulating import ResultFile

Page = Annotated[Path, typer.Option("-o", "--output", metavar="OUT.html", help="The page; it needs no other file.")]


def report_result(result: ResultFile, output: Page) -> None:
    """Runs the program of RESULT.json again and writes what was found as one HTML page."""
    from isamap.result import read_result, require_writable, write_whole

    with Progress() as progress:
        progress("reading")
        require_writable(output)
        read = read_result(result)
        progress("simulating")
        from isamap.report.page import render, run_again

        rerun = run_again(read)
        progress("drawing")
        write_whole(output, render(rerun))
    typer.echo(f"page: {output}")
    if rerun.violations:
        complain("\n".join([f"{result}: the program fails its checks:", *map(str, rerun.violations)]))
        raise typer.Exit(CHECK_FAILED)
