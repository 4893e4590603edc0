"""LLVM IR to machine code for this CPU: as bytes that can be kept, and as functions of this process."""

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


def features() -> str:
    """What this CPU has, as LLVM spells it; 512-bit vectors are used where it has them."""
    _ready()
    return f"{llvm.get_host_cpu_features().flatten()},-prefer-256-bit"


def host() -> str:
    """What machine code for this CPU depends on."""
    return f"{llvm.get_host_cpu_name()} {features()} LLVM {'.'.join(map(str, llvm.llvm_version_info))}"


def _machine() -> Any:
    _ready()
    target = llvm.Target.from_default_triple()
    name = llvm.get_host_cpu_name()
    return target.create_target_machine(cpu=name, features=features(), opt=3, reloc="pic", codemodel="jitdefault")


def object_code(text: str) -> bytes:
    """An object file with the functions of the LLVM IR ``text``."""
    module, machine = _optimised(text)
    return bytes(machine.emit_object(module))


def assembly(text: str) -> str:
    """The functions of the LLVM IR ``text`` in assembly."""
    module, machine = _optimised(text)
    return str(machine.emit_assembly(module))


def _optimised(text: str) -> tuple[Any, Any]:
    machine = _machine()
    module = llvm.parse_assembly(text)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_unrolling = options.loop_vectorization = options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return module, machine


@dataclass
class Native:
    """A function of machine code that lives as long as this object; ``call`` takes addresses and numbers."""

    engine: Any
    call: Any


def loaded(code: bytes, name: str, arguments: int | Sequence[ir.Type]) -> Native:
    """Function ``name`` of an object file; its arguments are of the given types, or so many pointers."""
    _ready()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    types = [POINTER] * arguments if isinstance(arguments, int) else arguments
    passed = [ctypes.c_void_p if isinstance(each, ir.PointerType) else ctypes.c_int64 for each in types]
    return Native(engine, ctypes.CFUNCTYPE(None, *passed)(engine.get_function_address(name)))


def compiled(text: str, name: str, arguments: int | Sequence[ir.Type]) -> Native:
    """Function ``name`` of the LLVM IR ``text``."""
    return loaded(object_code(text), name, arguments)
