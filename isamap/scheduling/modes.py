"""In which mode a contribution to an output tile is made: does it begin the sum, or go on with it?"""

from __future__ import annotations

from typing import Literal

from isamap.errors import Unsupported
from isamap.ir.binding import Binding

Mode = Literal["", "initialise", "accumulate"]


def first_mode(binding: Binding) -> Mode:
    """Of a tile's first contribution: an instruction that reduces starts afresh, also where the einsum only assigns.
    Raises Unsupported where nothing would clear the accumulator."""
    if binding.instruction.meaning[0].operator == "=":
        return ""
    if binding.instruction.initialise == "never":
        raise Unsupported("scheduling", f"zeroing the accumulator of {binding.instruction.name}")
    return "initialise"


def next_mode(binding: Binding) -> Mode:
    """Of every other; raises Unsupported where the einsum does not accumulate."""
    if binding.einsum.operator == "=":
        raise Unsupported("scheduling", f"{binding.einsum.statement} computed in parts")
    return "accumulate"
