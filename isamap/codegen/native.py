"""LLVM IR to machine code for this CPU, in this process."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from isamap.codegen.vectors import POINTER


@cache
def _ready() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()


def machine(features: str = "") -> Any:
    """This CPU as a target, with 512-bit vectors where it has them."""
    _ready()
    target = llvm.Target.from_default_triple()
    own = llvm.get_host_cpu_features().flatten()
    wide = ",".join(filter(None, (own, "-prefer-256-bit", features)))
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=wide, opt=3, reloc="pic", codemodel="jitdefault"
    )


@dataclass
class Native:
    """Machine code that lives as long as this object; ``call`` takes addresses."""

    engine: Any
    module: Any
    call: Any


def compiled(text: str, name: str, arguments: int | Sequence[ir.Type]) -> Native:
    """Function ``name`` of the LLVM IR ``text``; its arguments are of the given types, or so many pointers."""
    target = machine()
    module = llvm.parse_assembly(text)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_unrolling = options.loop_vectorization = options.slp_vectorization = False
    builder = llvm.create_pass_builder(target, options)
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, target)
    engine.finalize_object()
    types = [POINTER] * arguments if isinstance(arguments, int) else arguments
    passed = [ctypes.c_void_p if isinstance(each, ir.PointerType) else ctypes.c_int64 for each in types]
    kind = ctypes.CFUNCTYPE(None, *passed)
    return Native(engine, module, kind(engine.get_function_address(name)))
