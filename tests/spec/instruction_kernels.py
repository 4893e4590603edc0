"""What the instructions of real machines are asked to do: kernels by name, their types in the name."""

from __future__ import annotations

from dataclasses import replace

from isamap.ir.workload import Workload
from isamap.spec import load_workload
from tests.mapping.instructions import kernel

FLOATS = {"acc": "f32"}
KERNELS: dict[str, Workload] = {
    "s8 gemm": load_workload("gemm"),
    "s16 gemm": load_workload("gemm", {"in": "s16"}),
    "f16 gemm": load_workload("gemm", {"in": "f16", **FLOATS}),
    "bf16 gemm": load_workload("gemm", {"in": "bf16", **FLOATS}),
    "f32 gemm": load_workload("gemm", {"in": "f32", **FLOATS}),
    "u8 s8 gemm": load_workload("gemm_u8s8"),
    "s8 u8 gemm": load_workload("gemm_u8s8", {"lhs": "s8", "rhs": "u8"}),
    "u8 u8 gemm": load_workload("gemm_u8s8", {"lhs": "u8", "rhs": "u8", "acc": "u32"}),
    "s16 s8 gemm": load_workload("gemm_u8s8", {"lhs": "s16"}),
    "s8 conv2d": load_workload("conv2d"),
    "f16 conv2d": load_workload("conv2d", {"in": "f16", **FLOATS}),
    "f32 conv2d": load_workload("conv2d", {"in": "f32", **FLOATS}),
    "s8 gemv": load_workload("gemv"),
    "f32 gemv": load_workload("gemv", {"in": "f32", **FLOATS}),
    "s8 depthwise": load_workload("depthwise_conv2d"),
    "f32 depthwise": load_workload("depthwise_conv2d", {"in": "f32", **FLOATS}),
    "u8 s8 rows": kernel("rows", "C[m] += s32(A[m,k]) * s32(B[m,k])", {"A": "u8", "B": "s8", "C": "s32"}, m=99, k=8),
    "s16 pairs": load_workload("gemm", {"in": "s16", "K": 2}),
    "f32 sum": kernel("sum", "C[m,n] = A[m,n] + B[m,n]", "f32", m=5, n=99),
    "f32 product": kernel("product", "C[m,n] = A[m,n] * B[m,n]", "f32", m=5, n=99),
    "f32 greater": kernel("greater", "C[m,n] = max(A[m,n], B[m,n])", "f32", m=5, n=99),
    "s32 sum": kernel("sum", "C[m,n] = A[m,n] + B[m,n]", "s32", m=5, n=99),
    "s32 difference": kernel("difference", "C[m,n] = A[m,n] - B[m,n]", "s32", m=5, n=99),
    "s32 product": kernel("product", "C[m,n] = A[m,n] * B[m,n]", "s32", m=5, n=99),
    "s32 greater": kernel("greater", "C[m,n] = max(A[m,n], B[m,n])", "s32", m=5, n=99),
    "shift": kernel("shift", "D[m,n] = u8(s32(A[m,n]) + 128)", {"A": "s8", "D": "u8"}, m=5, n=99),
    "to float": kernel("to_float", "D[m,n] = f32(A[m,n])", {"A": "s32", "D": "f32"}, m=5, n=99),
    "to s8": kernel("to_s8", "D[m,n] = sat_s8(A[m,n])", {"A": "s32", "D": "s8"}, m=5, n=99),
    "to s16": kernel("to_s16", "D[m,n] = sat_s16(A[m,n])", {"A": "s32", "D": "s16"}, m=5, n=99),
}  # fmt: skip


def within(work: Workload, name: str, least: int, most: int) -> Workload:
    """``work`` whose tensor ``name`` states a range."""
    held = (replace(t, value_range=(least, most)) if t.name == name else t for t in work.tensors)
    return replace(work, tensors=tuple(held))


KERNELS["u7 s8 gemm"] = within(KERNELS["u8 s8 gemm"], "A", 0, 127)
