"""The jobs of a sweep: kernel, machine and options of each as text, and the key that its content has.

Two jobs of the same content are one job, in whichever sweep files they stand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from typing import Any

from isamap.compile import Options
from isamap.ir.hardware import Target
from isamap.ir.text import to_text
from isamap.ir.workload import Workload
from isamap.result import VERSION
from isamap.spec import Sweep
from isamap.spec.sweep_variants import Variant


@dataclass(frozen=True)
class Job:
    """``kernel`` and ``target`` are nouns as text; ``settings`` the point of the grid in the words of its file.

    ``kernel_name`` and ``target_name`` are for answers; ``parameters`` are all of the target's. A job whose kernel
    or machine cannot be made has a ``refusal`` instead of something to do.
    """

    key: str
    kernel: str
    target: str
    options: Mapping[str, Any]
    settings: Mapping[str, Any]
    kernel_name: str
    target_name: str
    parameters: Mapping[str, float]
    refusal: str = ""

    @property
    def kernel_label(self) -> str:
        """The kernel and its settings: ``gemm M=64 N=64``."""
        chosen = self.settings["kernel"]
        return " ".join([chosen["kernel"], *(f"{name}={value}" for name, value in chosen["set"].items())])


def jobs_of(sweep: Sweep) -> tuple[Job, ...]:
    """Every point of the grid, in the order of the file; points of the same content once."""
    kernels = [(variant, _text(variant)) for variant in sweep.kernels]
    targets = [(variant, _text(variant)) for variant in sweep.targets]
    found: dict[str, Job] = {}
    for (kernel, kernel_text), (target, target_text), choice in product(kernels, targets, sweep.options):
        options = asdict(Options(**dict(choice)))  # type: ignore[arg-type]
        key = _key(kernel_text, target_text, options)
        if key in found:
            continue
        found[key] = Job(
            key=key,
            kernel=kernel_text,
            target=target_text,
            options=options,
            settings={
                "kernel": {"kernel": kernel.source, "set": dict(kernel.settings)},
                "target": {"target": target.source, "set": dict(target.settings)},
                "options": dict(choice),
            },
            kernel_name=kernel.noun.name if kernel.noun else kernel.source,
            target_name=target.noun.name if target.noun else target.source,
            parameters=dict(target.noun.parameters) if target.noun else {},
            refusal="; ".join(filter(None, (kernel.refusal, target.refusal))),
        )
    return tuple(found.values())


def _text(variant: Variant[Workload] | Variant[Target]) -> str:
    """The noun as text; where there is none, what its key depends on instead."""
    if variant.noun is not None:
        return to_text(variant.noun)
    return f"none\n{variant.source}\n{variant.settings}\n{variant.refusal}"


def _key(kernel: str, target: str, options: Mapping[str, Any]) -> str:
    content = json.dumps([kernel, target, options, isamap_version(), VERSION], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def isamap_version() -> str:
    try:
        return version("isamap")
    except PackageNotFoundError:  # run from a source tree
        return "unknown"
