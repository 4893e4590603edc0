"""The blocks in which a transfer carries a piece: which of the piece's axes go in one, and how many there are.

A transfer takes at most ``dimensions`` axes at once, the inner ones; a piece of more goes in several. One that keeps
unit strides and is given a column (an innermost axis of extent 1 where the next has gaps) takes it as rows of one.
A transfer of a fixed block has all of the block's axes, one with a meaning all of the meaning's.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

from isamap.ir.hardware import Transfer
from isamap.ir.region import BlockAxis, Layout


def is_column(transfer: Transfer, layout: Layout) -> bool:
    """Is the piece carried as rows of one element?"""
    keeps = "unit_innermost" in (transfer.source_strides, transfer.destination_strides)
    if not keeps or transfer.block is not None or transfer.dimensions < 2 or not layout.squeezed:
        return False
    return layout.block[-1].extent == 1 and layout.squeezed[-1].pitch != 1


def blocks(transfer: Transfer, layout: Layout) -> int:
    """How many transfers the piece takes."""
    return layout.parts(transfer.dimensions - is_column(transfer, layout))


def block(transfer: Transfer, layout: Layout, number: int) -> tuple[Layout, int]:
    """One of them, and how many elements of memory after the piece it begins."""
    single = BlockAxis(1, (0,) * len(layout.low), 1)
    column = is_column(transfer, layout)
    piece, ahead = layout.part(number, transfer.dimensions - column)
    axes = piece.block + (single,) * column
    if transfer.block is not None:
        longer = iter(layout.squeezed)
        axes = tuple(next(longer) if extent > 1 else single for extent in transfer.block)
    elif transfer.meaning is not None:
        axes = (single,) * (len(transfer.meaning.output.axes) - len(axes)) + axes
    return replace(piece, block=axes), ahead


def rows(piece: Layout) -> int:
    """How many runs of the innermost axis a block has."""
    return prod(axis.extent for axis in piece.block[:-1])
