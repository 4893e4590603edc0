"""The keys of a sweep file."""

from __future__ import annotations

from pydantic import Field

from isamap.spec.conform import Shape

Scalar = str | int | float | bool | None
Values = Scalar | list[Scalar]  # a list is swept


class KernelChoice(Shape):
    """An entry of ``kernels`` with settings."""

    kernel: str = Field(description="a file, or a name of `isamap list`")
    set: dict[str, Values] = Field(default_factory=dict, description="sizes and types; every list is swept")


class TargetChoice(Shape):
    """An entry of ``targets`` with settings."""

    target: str = Field(description="a file, or a name of `isamap list`")
    set: dict[str, Values] = Field(default_factory=dict, description="parameters; every list is swept")


class ParetoShape(Shape):
    """``pareto``: which designs are worth a look."""

    minimise: list[str] = Field(description="latency_cycles, energy_pj, peak_bytes.MEMORY, target.PARAMETER ...")


class SweepFile(Shape):
    """A grid of designs: every kernel on every target with every choice of options."""

    name: str
    description: str = ""
    kernels: list[str | KernelChoice]
    targets: list[str | TargetChoice]
    options: dict[str, Values] = Field(default_factory=dict, description="of the compiler; every list is swept")
    job_time_limit_s: int | float | None = Field(None, description="a job that takes longer is killed")
    jobs: int = Field(2, description="worker processes")
    retries: int = Field(1, description="so often is a job tried again whose worker died")
    pareto: ParetoShape = ParetoShape(minimise=["latency_cycles"])
