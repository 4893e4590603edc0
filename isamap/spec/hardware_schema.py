"""The keys of a hardware file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from isamap.ir.hardware import StrideRule
from isamap.spec.conform import Shape


def _with_unit(value: object) -> object:
    if not isinstance(value, str):
        raise PydanticCustomError("quantity", "a quantity (a number and a unit, as in 64 KiB or 1 GHz)")
    return value


Quantity = Annotated[str, BeforeValidator(_with_unit)]
Count = int | str  # a whole number, or an expression of parameters
Figure = int | float | str  # a number, or an expression of parameters (and of an issue's extents where it is a cost)
Rate = int | str  # "16 B/cycle", or a number or an expression in bytes per cycle
Uses = list[str] | dict[str, Rate]  # whole resources, or so many bytes per cycle of each
Extent = Count | list[Count]  # one extent, or [least, greatest]


class MemoryShape(Shape):
    """One entry of ``memories``."""

    kind: Literal["explicit", "cache"] = "explicit"
    capacity: Quantity | None = Field(None, description='a quantity: "64 KiB"')
    capacity_bytes: Count | None = None
    alignment: Quantity | None = Field(None, description='a quantity: "2 B"')
    alignment_bytes: Count | None = None
    ports: dict[str, Rate] = Field(default_factory=dict)
    ways: Count | None = Field(None, description="lines in a set of a cache")
    line: Quantity | None = Field(None, description='of a cache: "64 B"')
    latency_cycles: Count | None = Field(None, description="from a load's address to its data")
    banks: Count = Field(1, description="equal contiguous parts, each held whole by an issue")
    count: Count = Field(1, description="private copies")
    read_pj_per_byte: Figure | None = None
    write_pj_per_byte: Figure | None = None
    source: str = ""


class QueueShape(Shape):
    """One entry of ``channels`` or ``units``."""

    count: Count = 1
    source: str = ""


class SidesShape(Shape):
    """The stride rules of a transfer's two sides."""

    source: StrideRule = "any"
    destination: StrideRule = "any"


class TransferShape(Shape):
    """One entry of ``transfers``."""

    from_: str = Field(alias="from")
    to: str
    channel: str
    uses: Uses = Field(default_factory=list)
    cost_cycles: Figure = Field(description="of bytes, border_bytes and rows")
    latency_cycles: Figure = 0
    dimensions: Count = 1
    block: list[Count] | None = Field(None, description="the exact extents of a block")
    strides: SidesShape = Field(default_factory=SidesShape)
    energy_pj: Figure | None = None
    meaning: str | None = Field(None, description="an einsum of D from S")
    multicast: Count = 1
    source: str = ""


class ImplementationShape(Shape):
    """What an instruction does bit by bit, in the language of meanings."""

    intermediates: dict[str, str] = Field(default_factory=dict, description='"s16[i, 2]": type and extents')
    statements: str | list[str] = Field(description="einsums in order; integers wrap, sat_ saturates")
    axes: dict[str, Count] = Field(default_factory=dict, description="extents of the statements' own axes")


class InstructionShape(Shape):
    """One entry of ``instructions``."""

    unit: str
    axes: dict[str, Extent]
    operands: dict[str, str] = Field(description='"s16[k,i] @ spad": type, axes, memory')
    strides: StrideRule | dict[str, StrideRule | list[Count]] = Field("contiguous", description="all, or per operand")
    meaning: str | list[str]
    initialise: Literal["never", "optional", "always"] = "never"
    initiation_interval_cycles: Figure
    occupancy_cycles: Figure | None = Field(None, description="default: the initiation interval")
    latency_cycles: Figure | dict[str, Figure] = Field(description="or {default: ..., OPERAND: ...}")
    energy_pj: Figure | None = None
    uses: Uses = Field(default_factory=list)
    modes: dict[str, list[str | int]] = Field(default_factory=dict, description="the machine's own, with their choices")
    legal_modes: list[dict[str, str | int]] = Field(default_factory=list, description="combinations; none given: all")
    orders: dict[str, dict[str, list[str]]] = Field(
        default_factory=dict, description="{A: {flip=yes: [k, i]}}: the order of an operand's axes under a choice"
    )
    layouts: dict[str, str | list[Count]] = Field(
        default_factory=dict, description='{B: "[k//4, i, k%4]"}: in whose row-major order an operand\'s elements lie'
    )
    implementation: ImplementationShape | None = Field(None, description="to be proved equal to the meaning")
    ranges: dict[str, list[Figure]] = Field(
        default_factory=dict, description="{A: [0, 127]}: values of an operand for which the meaning holds"
    )
    issue_slots: list[str] = Field(default_factory=list)
    emit: str | None = Field(None, description="LLVM intrinsic or inline assembly; none: simulated")
    source: str = ""


class LlvmShape(Shape):
    """What machine code for the machine is made for."""

    triple: str = Field(description="x86_64-unknown-linux-gnu")
    features: list[str] = Field(default_factory=list, description="instruction sets, by LLVM's names")


class HardwareFile(Shape):
    """A machine."""

    name: str
    description: str = ""
    comment: str = ""
    measured_on: str = Field("", description="the CPU that `isamap calibrate` measured")
    clock: Quantity | None = Field(None, description='a quantity: "1 GHz"')
    issue: Literal["queued", "static"] = "queued"
    llvm: LlvmShape | None = Field(None, description="what LLVM makes machine code for; none: simulated")
    parameters: dict[str, int | float] = Field(default_factory=dict, description="usable in every expression")
    memories: dict[str, MemoryShape]
    buses: dict[str, Rate] = Field(default_factory=dict)
    channels: dict[str, QueueShape] = Field(default_factory=dict)
    transfers: dict[str, TransferShape] = Field(default_factory=dict)
    units: dict[str, QueueShape] = Field(default_factory=dict)
    instructions: dict[str, InstructionShape] = Field(default_factory=dict)
    source: str = ""
