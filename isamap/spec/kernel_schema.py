"""The keys of a kernel file."""

from __future__ import annotations

from pydantic import Field

from isamap.spec.conform import Shape

Size = int | str  # a whole number, or an expression of sizes


class TensorShape(Shape):
    """One entry of ``tensors``."""

    dtype: str = Field(description="an element type, or a name of types:")
    shape: list[Size] = Field(description="extents: expressions of sizes")
    border: int | float | None = Field(None, description="what a read outside the shape gives")
    strides: list[Size] | None = Field(None, description="elements from one index to the next, per dimension")
    alias_of: str | None = Field(None, description="another tensor whose bytes this one views: T, or T + offset")
    range: list[int | float] | None = Field(None, description="[least, greatest] value of an input's elements")


class RepeatShape(Shape):
    """``repeat``: the einsums run once per step of an axis."""

    axis: str
    extent: Size
    carry: dict[str, str] = Field(default_factory=dict, description="{H: Hnext}: after a step Hnext becomes H")


class KernelFile(Shape):
    """A computation: tensors and einsums over them."""

    name: str
    description: str = ""
    comment: str = ""
    sizes: dict[str, int | list[int]] = Field(default_factory=dict, description="whole numbers, or [least, greatest]")
    types: dict[str, str] = Field(default_factory=dict, description="names for element types")
    tensors: dict[str, TensorShape]
    einsums: list[str]
    axes: dict[str, Size] = Field(default_factory=dict, description="extents that no tensor dimension gives")
    inputs: list[str] | None = Field(None, description="default: tensors never written")
    outputs: list[str] | None = Field(None, description="default: tensors never read")
    repeat: RepeatShape | None = None
