"""Arguments and options that several commands share, and how they become nouns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isamap.errors import Fault, InputError

if TYPE_CHECKING:
    from isamap.ir.hardware import Target
    from isamap.ir.workload import Workload

KernelName = Annotated[str, typer.Argument(metavar="KERNEL", help="A kernel: a file, or a name of `isamap list`.")]
TargetName = Annotated[
    str, typer.Argument(metavar="TARGET", help="A machine: a file, or a name of `isamap list` (host: this one).")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A size or type of the kernel, or a parameter of the target."),
]
InstructionName = Annotated[
    str | None, typer.Option("--instruction", metavar="NAME", help="Use only this instruction of the target.")
]
Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object.")]


def load_pair(kernel: str, target: str, settings: list[str] | None) -> tuple[Workload, Target]:
    """The kernel and the machine with their settings; raises InputError."""
    from isamap.spec import load_target, load_workload, parse_setting, split_settings

    machine = machine_file(target)
    pairs = [parse_setting(text) for text in settings or ()]
    given = dict(pairs)
    if len(given) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InputError([Fault(("--set",), "each name once", f"{name} more than once") for name in twice])
    ours, theirs = split_settings(kernel, machine, given)
    return load_workload(kernel, ours), load_target(machine, theirs)


def machine_file(target: str) -> str | Path:
    """The file of ``host``, with a line on stderr that says what was found; any other target as it is given."""
    if target != "host":
        return target
    from isamap.host import detected

    found = detected()
    typer.echo(str(found), err=True)
    return found.file


def require_instruction(target: Target, name: str | None) -> None:
    """Raises InputError where the target has no instruction of that name."""
    names = [instruction.name for instruction in target.instructions]
    if name is not None and name not in names:
        raise InputError([Fault(("--instruction",), f"one of {' '.join(names)}", repr(name))])
