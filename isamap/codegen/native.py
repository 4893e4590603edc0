"""LLVM IR to machine code: assembly and object files for any machine, functions of this process for this CPU."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from isamap.codegen.vectors import POINTER
from isamap.errors import Unsupported
from isamap.ir.target_machine import TargetMachine


@cache
def _ready() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()


@cache
def _all_ready() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


def features() -> str:
    """What this CPU has, as LLVM spells it; 512-bit vectors are used where it has them."""
    _ready()
    return f"{llvm.get_host_cpu_features().flatten()},-prefer-256-bit"


def host() -> str:
    """What machine code for this CPU depends on."""
    return f"{llvm.get_host_cpu_name()} {features()} LLVM {'.'.join(map(str, llvm.llvm_version_info))}"


def _machine(described: TargetMachine | None = None) -> Any:
    """LLVM's machine for ``described``, or for this CPU. Raises Unsupported for an architecture that it has not."""
    if described is None:
        _ready()
        target = llvm.Target.from_default_triple()
        name = llvm.get_host_cpu_name()
        return target.create_target_machine(cpu=name, features=features(), opt=3, reloc="pic", codemodel="jitdefault")
    _all_ready()
    try:
        target = llvm.Target.from_triple(described.triple)
    except RuntimeError as error:
        raise Unsupported("code generation", f"the triple {described.triple}", str(error)) from None
    wanted = ",".join(f"+{name}" for name in described.features)
    return target.create_target_machine(features=wanted, opt=3, reloc="pic", codemodel="default")


def object_code(text: str, described: TargetMachine | None = None) -> bytes:
    """An object file with the functions of the LLVM IR ``text`` for ``described``, or for this CPU."""
    module, machine = _optimised(text, described)
    return bytes(machine.emit_object(module))


def assembly(text: str, described: TargetMachine | None = None) -> str:
    """The functions of the LLVM IR ``text`` in assembly for ``described``, or for this CPU."""
    module, machine = _optimised(text, described)
    return str(machine.emit_assembly(module))


def optimised(text: str, described: TargetMachine) -> str:
    """The LLVM IR ``text`` as it is before instructions are chosen for ``described``, which it names."""
    return str(_optimised(text, described)[0])


def _optimised(text: str, described: TargetMachine | None) -> tuple[Any, Any]:
    machine = _machine(described)
    module = llvm.parse_assembly(text)
    if described is not None:
        module.triple, module.data_layout = described.triple, str(machine.target_data)
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
    call: Any = ctypes.CFUNCTYPE(None, *passed)(engine.get_function_address(name))
    call.engine = engine  # the code lives as long as who may call it
    return Native(engine, call)


def compiled(
    text: str, name: str, arguments: int | Sequence[ir.Type], described: TargetMachine | None = None
) -> Native:
    """Function ``name`` of the LLVM IR ``text``, made for ``described`` where only its instructions may be used."""
    return loaded(object_code(text, described), name, arguments)
