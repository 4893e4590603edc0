"""``isamap validate``: reads files as the other commands would, and tells every mistake of all of them at once."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from isamap.cli.arguments import Json
from isamap.cli.exits import complain, describe
from isamap.cli.offsets import Alignment, Banks, Capacity, check_offsets
from isamap.cli.terminal import print_json
from isamap.errors import InputError, IsamapError

if TYPE_CHECKING:
    from isamap.spec import Kind

Room = tuple[int | None, int, int]  # capacity, alignment and banks of a memory

_ALIKE = 0.75  # a key with a typo is still taken for the key it was meant to be

Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="Kernels, machines, sweeps, results and buffers: files, or names."),
]


def validate_files(
    files: Files, capacity: Capacity = None, alignment: Alignment = 1, banks: Banks = 1, as_json: Json = False
) -> None:
    """Checks kernel, hardware, sweep and result files, and buffers in CSV: whether their offsets fit a capacity."""
    entries: list[dict[str, Any]] = []
    codes = []
    for file in files:
        kind, error = _validate(file, (capacity, alignment, banks))
        codes += [error.exit_code] if error is not None else []
        entries.append({"file": file, "kind": kind, "valid": error is None, "errors": _messages(error)})
        if error is not None:
            complain(describe(error))
        elif not as_json:
            typer.echo(f"{file}: a valid {kind} file")
    valid = all(entry["valid"] for entry in entries)
    if as_json:
        print_json({"valid": valid, "files": entries})
    if not valid:
        raise typer.Exit(min(codes))


def _messages(error: IsamapError | None) -> list[str]:
    """One message per mistake."""
    from isamap.spec import SpecError

    if error is None:
        return []
    if isinstance(error, SpecError):
        return [str(diagnostic) for diagnostic in error.diagnostics]
    return describe(error).split("\n") if isinstance(error, InputError) and error.faults else [describe(error)]


def _validate(file: str, room: Room) -> tuple[str | None, IsamapError | None]:
    """What the file is (None where that cannot be told), and what is wrong with it."""
    from isamap.host import load_target
    from isamap.result import read_result
    from isamap.spec import load_workload

    kind: str | None = None
    try:
        kind = _kind(file)
        if kind == "buffers":
            check_offsets(file, *room)
        elif kind == "result":
            read_result(Path(file))
        elif kind == "sweep":
            from isamap.explore import read_sweep

            read_sweep(file)
        elif kind == "kernel":
            load_workload(file)
        else:
            load_target(file)
    except IsamapError as error:
        return kind, error
    return kind, None


def _kind(file: str) -> str:
    """``kernel``, ``hardware``, ``sweep``, ``result`` or ``buffers``; raises InputError where the file is none."""
    from isamap.spec import available, resolve
    from isamap.spec.diagnostic import did_you_mean
    from isamap.spec.resolve import open_document

    path = Path(file)
    if path.suffix == ".csv" and path.is_file():
        return "buffers"
    if path.exists() and not path.is_dir():
        return "result" if path.suffix == ".json" else _kind_by_keys(file, open_document(path, "kernel").data)
    if file in ("host", *available("hardware")):
        return "hardware"
    if path.suffix or len(path.parts) != 1:
        raise InputError(f"{file}: {'it is a folder' if path.is_dir() else 'there is no such file'}")
    try:
        resolve(file, "kernel")
    except InputError:
        near = did_you_mean(file, [*available("kernel"), *available("hardware")])
        raise InputError(f"{file}: there is no such file, kernel or machine{near and '; '}{near}") from None
    return "kernel"


def _kind_by_keys(file: str, data: dict[str, Any]) -> str:
    """The kind of file whose keys are most like those of ``data``."""
    from isamap.spec import schema

    kinds: tuple[Kind | Literal["sweep"], ...] = ("kernel", "hardware", "sweep")
    known = {kind: list(schema(kind)["properties"]) for kind in kinds}
    common = set.intersection(*map(set, known.values()))
    score = {
        kind: sum(bool(get_close_matches(key, set(keys) - common, cutoff=_ALIKE)) for key in data)
        for kind, keys in known.items()
    }
    if not any(score.values()):
        own = "; ".join(f"a {kind} file has {' '.join(keys)}" for kind, keys in known.items())
        raise InputError(f"{file}: neither a kernel, a hardware nor a sweep file: {own}")
    return max(score, key=lambda kind: score[kind])
