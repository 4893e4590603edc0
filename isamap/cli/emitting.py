"""``isamap compile`` for a core with caches: how the kernel is cut, or its code (``--emit``)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from isamap.cli.terminal import print_json, show
from isamap.errors import Fault, InputError, Unsupported

if TYPE_CHECKING:
    from isamap.deploy.code import Code
    from isamap.ir.hardware import Target
    from isamap.ir.workload import Workload

Form = Literal["llvm", "asm", "object"]
Emit = Annotated[
    Form | None,
    typer.Option("--emit", help="Machine code for a CPU: LLVM IR, assembly, or an object file with its C header."),
]


def is_core(target: Target) -> bool:
    """Has the machine caches, and vectors that kernels can be cut for?"""
    if not any(memory.kind == "cache" for memory in target.memories):
        return False
    from isamap.tiling.cached import core_of

    try:
        core_of(target)
    except Unsupported:
        return False
    return True


def compile_for_core(
    work: Workload, target: Target, emit: Form | None, output: Path | None, as_json: bool, steering: Sequence[str]
) -> None:
    """Prints how the kernel is cut, or writes its code. Raises InputError for options that steer what is not done for
    a core (``steering``: their names), Unsupported for kernels that are not compiled yet."""
    _refuse(target, emit, output, as_json, steering)
    from isamap.deploy.code import code_for

    code = code_for(work, target)
    if emit is None:
        _answer(code, output, as_json)
    elif emit == "object":
        _write_object(code, output, as_json)
    else:
        _write_text(code.llvm if emit == "llvm" else code.assembly, code, output, as_json)


def _refuse(target: Target, emit: Form | None, output: Path | None, as_json: bool, steering: Sequence[str]) -> None:
    if not is_core(target):
        raise InputError([_no_core(target)])
    unused = f"{target.name} has caches: its kernels are cut by a model of them"
    faults = [Fault((name,), "a machine with memories of its own", target.name, unused) for name in steering]
    if as_json and output is None and emit in ("llvm", "asm"):
        faults.append(Fault(("-o",), "a file, as --json takes the output", "none"))
    if faults:
        raise InputError(faults)


def _no_core(target: Target) -> Fault:
    from isamap.spec import bundled, load_target

    cores = [name for name in bundled("hardware") if is_core(load_target(name))]
    hint = f"code is made for CPUs with caches ({' '.join(('host', *cores))}); `isamap simulate` runs other programs"
    return Fault(("--emit",), "a machine that LLVM makes code for", target.name, hint)


def _answer(code: Code, output: Path | None, as_json: bool) -> None:
    import json

    from isamap.deploy.summary import summary, to_json
    from isamap.report.blocking import blocking_report
    from isamap.result import write_whole

    if output is not None:
        write_whole(output, json.dumps(to_json(code), indent=1, ensure_ascii=False) + "\n")
    if as_json:
        print_json(summary(code))
    else:
        show(blocking_report(code.work, code.core, code.what, code.how, code.estimated_cycles, code.least_cycles))


def _write_text(text: str, code: Code, output: Path | None, as_json: bool) -> None:
    from isamap.result import write_whole

    if output is None:
        typer.echo(text, nl=False)
        return
    write_whole(output, text)
    _written(code, [output], as_json)


def _write_object(code: Code, output: Path | None, as_json: bool) -> None:
    """FILE.o and FILE.h, in the current folder under the function's name where no FILE is given."""
    from isamap.deploy.header import header
    from isamap.result import require_writable, write_whole

    given = output if output is not None else Path(code.function)
    files = [given if given.suffix == ".o" else given.with_name(given.name + ".o")]
    files.append(files[0].with_suffix(".h"))
    for file in files:
        require_writable(file)
    text, machine_code = header(code), code.object
    write_whole(files[0], machine_code)
    write_whole(files[1], text)
    _written(code, files, as_json)


def _written(code: Code, files: list[Path], as_json: bool) -> None:
    if as_json:
        from isamap.deploy.summary import summary

        print_json({**summary(code), "function": code.function, "files": [os.fspath(file) for file in files]})
    else:
        typer.echo(f"{code.function} for {code.core.llvm}: {' and '.join(map(str, files))}")
