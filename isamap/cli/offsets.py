"""Placements in CSV: the options that say what memory they are in, and whether the offsets of a file are right."""

from __future__ import annotations

from typing import Annotated

import typer

from isamap.errors import CheckFailed, Fault, InputError

Capacity = Annotated[
    int | None, typer.Option("--capacity", min=1, metavar="BYTES", help="What all buffers of a CSV file must fit into.")
]
Alignment = Annotated[
    int, typer.Option("--alignment", min=1, metavar="BYTES", help="Every offset is a multiple of this.")
]
Banks = Annotated[
    int, typer.Option("--banks", min=1, metavar="N", help="Equal parts of the capacity, of which no buffer meets two.")
]


def check_offsets(file: str, capacity: int | None, alignment: int, banks: int) -> None:
    """Raises InputError where the file is wrong, CheckFailed where its offsets are.

    With a capacity every buffer must have an offset; without one, a file without offsets is only read.
    """
    from isamap.check.placement import check_placement
    from isamap.ir.answers import Placement
    from isamap.placing import one_memory
    from isamap.spec import read_buffers

    require_capacity(capacity, banks)
    read = read_buffers(file)
    missing = [Fault((life.name, "offset"), "an offset", "none") for life in read.lives if life.address is None]
    if missing and capacity is not None:
        raise read.located(InputError(missing))
    placement = Placement(tuple((life, life.address) for life in read.lives if life.address is not None))
    found = check_placement(placement, one_memory(read.lives, capacity, alignment, banks))
    if found:
        raise CheckFailed("\n".join([f"{file}: the placement is wrong:", *map(str, found)]))


def require_capacity(capacity: int | None, banks: int) -> None:
    """Raises InputError for banks of nothing."""
    if banks > 1 and capacity is None:
        raise InputError([Fault(("--banks",), "a --capacity to divide", "none")])
