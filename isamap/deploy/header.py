"""The C header of a compiled kernel: its prototype, and what a caller must know of sizes, strides and alignment.

Its names are macros in capitals, the function's name before each; names of axes and tensors stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from isamap.deploy.code import Code
from isamap.errors import Unsupported
from isamap.ir.dtype import DType
from isamap.ir.panels import ALIGNMENT_BYTES
from isamap.ir.workload import Tensor

_TYPES = {"f32": "float", "f64": "double", "s8": "int8_t", "u8": "uint8_t", "s16": "int16_t", "s32": "int32_t"}


def header(code: Code) -> str:
    """The header, for C99 and C++. Raises Unsupported for an element type that C has not."""
    guard = f"{code.function.upper()}_H"
    lines = [*_comment(code), f"#ifndef {guard}", f"#define {guard}", "", "#include <stdint.h>", "", *_macros(code), ""]
    lines += ["#ifdef __cplusplus", 'extern "C" {', "#endif", "", f"void {code.function}({_parameters(code)});", ""]
    return "\n".join([*lines, "#ifdef __cplusplus", "}", "#endif", "", "#endif", ""])


def _comment(code: Code) -> Iterator[str]:
    output = code.what.output.tensor
    shared = " and ".join(sorted(code.what.in_place))
    apart = f"no other tensor, but may be that of {shared}" if shared else "no other tensor"
    written = "goes on from what it holds" if code.what.continues else "is written whole"
    yield f"/* {_plain(code.work.name)} on {_plain(code.core.name)}, compiled by isamap."
    yield from (f" *   {einsum.statement}" for einsum in code.work.einsums)
    yield f" * {output} {written}; its memory is that of {apart}."
    yield " * in2_X is the same tensor as in_X."
    yield " * Pointers are to first elements. Elements of a tensor lie so many apart as STRIDES says, one number per"
    yield " * dimension, at multiples of their size. scratch is SCRATCH_BYTES of memory for this call alone, at a"
    yield " * multiple of SCRATCH_ALIGNMENT; of 0 bytes it may be NULL. Several threads may call at the same time."
    yield f" * The CPU must be {code.core.llvm}. */"


def _macros(code: Code) -> Iterator[str]:
    prefix = code.function.upper()
    for axis, extent in code.what.extents.items():
        yield f"#define {prefix}_EXTENT_{_word(axis)} {extent}"
    for tensor in dict.fromkeys(code.arguments):
        yield f"#define {prefix}_ELEMENTS_{_word(tensor.name)} {_span(tensor)}"
        if tensor.shape:
            yield f"#define {prefix}_SHAPE_{_word(tensor.name)} {_braced(tensor.shape)}"
            yield f"#define {prefix}_STRIDES_{_word(tensor.name)} {_braced(tensor.element_strides)}"
    yield f"#define {prefix}_SCRATCH_BYTES {code.scratch_bytes}"
    yield f"#define {prefix}_SCRATCH_ALIGNMENT {ALIGNMENT_BYTES}"


def _parameters(code: Code) -> str:
    output, *inputs = code.arguments
    given = [f"{_type(output.dtype)} *out_{_word(output.name)}"]
    for n, each in enumerate(inputs):
        number = inputs[:n].count(each) + 1
        given.append(f"const {_type(each.dtype)} *in{number if number > 1 else ''}_{_word(each.name)}")
    return ", ".join([*given, "void *scratch"])


def _span(tensor: Tensor) -> int:
    """Elements from the first to the last."""
    return tensor.size_bytes // tensor.dtype.size_bytes


def _type(dtype: DType) -> str:
    if dtype.name not in _TYPES:
        raise Unsupported("code generation", f"{dtype} in a C header", f"it has {' '.join(_TYPES)}")
    return _TYPES[dtype.name]


def _braced(numbers: tuple[int, ...]) -> str:
    return "{" + ", ".join(map(str, numbers)) + "}"


def _word(name: str) -> str:
    """A name in C's letters."""
    return re.sub(r"[^A-Za-z0-9_]", lambda letter: f"u{ord(letter[0]):x}", name)


def _plain(name: str) -> str:
    """A name that cannot end a comment."""
    return name.replace("*/", "* /").replace("/*", "/ *").replace("\n", " ")
