"""The keys of a file for ``--fix``: those of a result's own match and tiling, every one optional."""

from __future__ import annotations

from pydantic import Field

from isamap.spec.conform import Shape


class MatchShape(Shape):
    """``match``: which instruction, and which axes of the kernel it takes."""

    instruction: str = Field(default="", description="an instruction of the target")
    axes: dict[str, list[str]] = Field(
        default_factory=dict, description="instruction axis: the kernel axes fused into it, outer to inner"
    )
    operands: dict[str, str] = Field(default_factory=dict, description="operand of the instruction: tensor")


class LevelShape(Shape):
    """One of a tiling's two levels: blocks, then issues."""

    memory: str = Field("", description="where its pieces lie")
    tile: dict[str, int] = Field(default_factory=dict, description="kernel axis: size")
    order: list[str] | None = Field(None, description="kernel axes that are stepped through, outer to inner")
    buffers: dict[str, int] = Field(default_factory=dict, description="tensor: how many slots it has")
    pieces: dict[str, dict[str, int]] = Field(
        default_factory=dict, description="tensor: size per kernel axis of what one slot holds"
    )
    held: dict[str, int] = Field(
        default_factory=dict, description="tensor: how many pieces are kept for their next use"
    )
    turning: bool | None = Field(None, description="loops go the other way each time they are entered again")
    backward: list[str] | None = Field(None, description="kernel axes whose loops begin at the far end")


class TilingShape(Shape):
    """``tiling``: the blocks and, within a block, the issues."""

    levels: list[LevelShape] = Field(description="two: blocks, issues; {} says nothing")


class EinsumShape(Shape):
    """An entry of ``einsums``."""

    match: MatchShape = Field(default_factory=MatchShape)
    tiling: TilingShape | None = None


class FixFile(Shape):
    """What a search may not choose."""

    name: str = ""
    description: str = ""
    match: MatchShape = Field(default_factory=MatchShape, description="of the kernel's first einsum")
    tiling: TilingShape | None = Field(None, description="of the kernel's first einsum")
    einsums: dict[str, EinsumShape] = Field(
        default_factory=dict, description="the tensor that an einsum writes, or its number: what is said of it"
    )
    homes: dict[str, str] = Field(
        default_factory=dict, description="tensor between einsums: the memory it stays in; the outermost: not on chip"
    )
