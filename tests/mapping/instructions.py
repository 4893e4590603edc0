"""Small machines and kernels, built by hand from the nouns, for the tests of mapping."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import Axis, parse_statement
from isamap.ir.expression import Number, parse
from isamap.ir.hardware import Instruction, Memory, Operand, Queue, StrideRule, Target, Transfer
from isamap.ir.workload import Tensor, Workload, workload


def instruction(
    name: str,
    meaning: str,
    axes: Mapping[str, tuple[int, int]],
    dtypes: str | Mapping[str, str],
    *,
    interval: str = "1",
    strides: StrideRule = "per_kernel_axis",
    initialise: str = "optional",
) -> Instruction:
    """One unit, one memory; operands are the capital letters of ``meaning``, ``dtypes`` one for all or one each."""
    names = sorted({meaning[n - 1] for n, letter in enumerate(meaning) if letter == "[" and meaning[n - 1].isupper()})
    statement = parse_statement(meaning, frozenset(names))
    einsum = statement.over(axes)
    indexed = {access.tensor: access.axes for access in (*einsum.reads, einsum.output)}
    operands = tuple(
        Operand(n, DTYPES[dtypes if isinstance(dtypes, str) else dtypes[n]], indexed[n], "spad", strides) for n in names
    )
    return Instruction(
        name=name,
        unit="array",
        axes=tuple(Axis(axis, *extents) for axis, extents in axes.items()),
        operands=operands,
        meaning=(einsum,),
        initiation_interval_cycles=parse(interval),
        occupancy_cycles=parse(interval),
        latency_cycles=parse(interval),
        initialise=initialise,  # type: ignore[arg-type]
    )


def kernel(name: str, statement: str, dtypes: str | Mapping[str, str], /, **sizes: int) -> Workload:
    """One einsum over axes of the extents ``sizes``; each tensor is as large as its indices need."""
    names = sorted({statement[n - 1] for n, letter in enumerate(statement) if letter == "["})
    parsed = parse_statement(statement, frozenset(names))
    einsum = parsed.over({axis: (extent, extent) for axis, extent in sizes.items()})
    ranges = {axis: (0, extent - 1) for axis, extent in sizes.items()}
    shapes = {
        access.tensor: tuple(index.bounds(ranges)[1] + 1 for index in access.affine_indices)
        for access in (*einsum.reads, einsum.output)
    }
    tensors = [Tensor(n, DTYPES[dtypes if isinstance(dtypes, str) else dtypes[n]], shapes[n]) for n in names]
    assert all(prod(shape) > 0 for shape in shapes.values())
    return workload(name, tensors, [parsed], axes=sizes)


MAC = instruction("mac", "C[i,j] += A[k,i] * B[k,j]", {"i": (1, 16), "j": (1, 16), "k": (1, 4096)}, "s16", interval="k")
VMAC = instruction(
    "vmac",
    "C[i,j] += A[k,i,j] * B[k,j]",
    {"i": (1, 16), "j": (1, 16), "k": (1, 4096)},
    "s16",
    interval="ceil(k*(i*j + j)/32)",
)
MATMUL = instruction(
    "matmul",
    "C[i,j] += s32(A[i,k]) * s32(B[k,j])",
    {"i": (16, 16), "j": (16, 16), "k": (16, 16)},
    {"A": "s16", "B": "s16", "C": "s32"},
    interval="16",
    strides="contiguous",
)
RELU = instruction("relu", "Y[i] = max(X[i], 0)", {"i": (1, 8)}, "s32", interval="ceil(i/4)", initialise="never")
ADD = instruction("add", "Z[i] = X[i] + Y[i]", {"i": (1, 8)}, "s32", interval="ceil(i/4)", initialise="never")
MOVE = instruction("move", "D[i,j] = C[i,j]", {"i": (1, 16), "j": (1, 16)}, "s16", initialise="never")

GEMM = kernel("gemm", "C[m,n] += A[m,k] * B[k,n]", "s16", m=35, n=64, k=64)
BATCH = kernel("batch_gemm", "C[b,m,n] += A[b,m,k] * B[b,k,n]", "s16", b=12, m=128, n=128, k=64)
CONV1D = kernel("conv1d", "O[n,k,p] += I[n,c,p+r] * W[k,c,r]", "s16", n=1, k=64, c=64, p=256, r=3)
CONV2D = kernel(
    "conv2d", "O[n,k,p,q] += I[n,c,p+r,q+s] * W[k,c,r,s]", "s16", n=1, k=64, c=64, p=56, q=56, r=3, s=3
)  # fmt: skip
CONV3D = kernel(
    "conv3d", "O[n,k,d,p,q] += I[n,c,d+t,p+r,q+s] * W[k,c,t,r,s]", "s16",
    n=1, k=16, c=16, d=8, p=28, q=28, t=3, r=3, s=3,
)  # fmt: skip
POINTWISE = kernel("pointwise", "O[n,k,p,q] += I[n,c,p,q] * W[k,c]", "s16", n=1, k=64, c=32, p=112, q=112)
DEPTHWISE = kernel(
    "depthwise", "O[n,c,p,q] += I[n,c,p+r,q+s] * W[c,r,s]", "s16", n=1, c=32, p=112, q=112, r=3, s=3
)  # fmt: skip


def machine(*instructions: Instruction) -> Target:
    """A target with these instructions on one array beside one scratchpad."""
    memories = (Memory("dram", 1 << 30), Memory("spad", 1 << 16))
    transfers = (
        Transfer("load", "dram", "spad", "dma", (), Number(1), dimensions=4),
        Transfer("store", "spad", "dram", "dma", (), Number(1), dimensions=4),
    )
    return Target("small", memories, (), (), (Queue("dma"),), transfers, (Queue("array"),), instructions)
