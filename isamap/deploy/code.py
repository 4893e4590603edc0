"""A kernel as machine code for a core that need not be this one: how it is cut, and the code as LLVM IR, as assembly,
or in an object file. ``header`` says how a C program calls it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from math import ceil, prod

from isamap.codegen.kernel import arguments, kernel
from isamap.codegen.native import assembly, object_code, optimised
from isamap.errors import Unsupported
from isamap.ir.blocking import Blocking
from isamap.ir.contraction import Contraction, contraction_of
from isamap.ir.cpu import Core, MultiplyAdd
from isamap.ir.hardware import Target
from isamap.ir.partial import scratch_bytes
from isamap.ir.target_machine import TargetMachine
from isamap.ir.workload import Tensor, Workload
from isamap.tiling.cached import blockings, core_of


@dataclass(frozen=True)
class Code:
    """``work``, a contraction, on ``core``: cut as the model likes it best, in ``estimated_cycles`` by that model."""

    work: Workload
    core: Core
    what: Contraction
    how: Blocking
    estimated_cycles: int

    @property
    def function(self) -> str:
        """The name of the function, in C's letters."""
        return "isamap_" + re.sub(r"[^A-Za-z0-9]", "_", self.work.name)

    @property
    def product(self) -> MultiplyAdd:
        return self.core.multiply_add(self.what)

    @property
    def least_cycles(self) -> int:
        """What the multiply-adds alone take."""
        product = self.product
        return ceil(prod(self.what.extents.values()) / (product.lanes * product.group * product.per_cycle))

    @property
    def arguments(self) -> tuple[Tensor, ...]:
        """The tensors that the function takes, the output first; a pointer to its scratch memory comes last."""
        return tuple(self.work.tensor(name) for name in arguments(self.what))

    @property
    def scratch_bytes(self) -> int:
        return scratch_bytes(self.what, self.how, self.product)

    @property
    def llvm(self) -> str:
        """The function in LLVM IR, after LLVM's own passes."""
        return optimised(self._built, self._made_for)

    @property
    def assembly(self) -> str:
        return assembly(self._built, self._made_for)

    @property
    def object(self) -> bytes:
        """An object file, as the system of the triple has them."""
        return object_code(self._built, self._made_for)

    @property
    def _made_for(self) -> TargetMachine:
        if self.core.llvm is None:
            hint = "its hardware file does not say `llvm: {triple: ..., features: [...]}`"
            raise Unsupported("code generation", f"machine code for {self.core.name}", hint)
        return self.core.llvm

    @cached_property
    def _built(self) -> str:
        return str(kernel(self.what, self.how, self.product, self.function))


def code_for(work: Workload, target: Target) -> Code:
    """The kernel cut for a core. Raises Unsupported where the kernel is no contraction, or the target no core."""
    core = core_of(target)
    what = contraction_of(work)
    if views := [tensor.name for tensor in work.tensors if tensor.alias_of is not None]:
        raise Unsupported("code generation", f"{' and '.join(views)}, which view other tensors")
    if work.repeat is not None:
        raise Unsupported("code generation", "a repeated kernel", "sums of products of two tensors are compiled")
    core.multiply_add(what)
    ((how, estimated),) = blockings(what, core, most=1)
    return Code(work, core, what, how, ceil(estimated))
