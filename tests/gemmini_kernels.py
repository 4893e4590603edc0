"""Kernels in the types that Gemmini multiplies: s8 into s32, and s8 again where a store scales."""

from __future__ import annotations

from isamap.ir.workload import Workload
from isamap.spec import load_workload

SCALED = "sat_s8(round(f32(T[m,n]) * 0.01))"


def _file(name: str, sizes: dict[str, int], tensors: dict[str, str], statements: list[str], **more: str) -> Workload:
    """``tensors``: name -> type and shape; ``more``: inputs and outputs. I is padded with zeros."""
    lines = [f"name: {name}", f"sizes: {{{', '.join(f'{n}: {size}' for n, size in sizes.items())}}}", "tensors:"]
    for tensor, text in tensors.items():
        dtype, _, shape = text.partition(" ")
        border = ", border: 0" if tensor == "I" else ""
        lines.append(f"  {tensor}: {{dtype: {dtype}, shape: [{shape}]{border}}}")
    lines += [f"{key}: [{value}]" for key, value in more.items() if value]
    return load_workload("\n".join([*lines, "einsums:", *(f"  - {text}" for text in statements)]) + "\n")


def gemm(m: int, k: int, n: int, turned: tuple[bool, bool] = (False, False), continued: bool = False) -> Workload:
    """``turned``: do A and B lie transposed?"""
    a, b = ("KM" if turned[0] else "MK"), ("NK" if turned[1] else "KN")
    tensors = {"A": f"s8 {', '.join(a)}", "B": f"s8 {', '.join(b)}", "C": "s32 M, N"}
    product = f"C[m,n] += s32(A[{','.join(a).lower()}]) * s32(B[{','.join(b).lower()}])"
    return _file("gemm", {"M": m, "K": k, "N": n}, tensors, [product], inputs="A, B, C" if continued else "")


def conv2d(layout: str, **sizes: int) -> Workload:
    """One image; weights as they lie in each layout's usual order."""
    y, x = "STRIDE*p+DILATION*r-PAD", "STRIDE*q+DILATION*s-PAD"
    height, width = (f"STRIDE*({n}-1)+DILATION*2+1-2*PAD" for n in "PQ")
    given = {"STRIDE": 1, "DILATION": 1, "PAD": 0, **sizes, "R": 3, "S": 3}
    if layout == "NCHW":
        tensors = {"I": f"s8 C, {height}, {width}", "W": "s8 K, C, R, S", "O": "s32 K, P, Q"}
        statement = f"O[k,p,q] += s32(I[c,{y},{x}]) * s32(W[k,c,r,s])"
    else:
        tensors = {"I": f"s8 {height}, {width}, C", "W": "s8 R, S, C, K", "O": "s32 P, Q, K"}
        statement = f"O[p,q,k] += s32(I[{y},{x},c]) * s32(W[r,s,c,k])"
    return _file("conv2d", given, tensors, [statement])


def separable(**sizes: int) -> Workload:
    """Depthwise with padding, scaled and cut at 0; pointwise, scaled."""
    tensors = {"I": "s8 C, P, Q", "W": "s8 C, R, S", "T": "s32 C, P, Q", "T8": "s8 C, P, Q", "V": "s8 K, C",
               "O": "s32 K, P, Q", "O8": "s8 K, P, Q"}  # fmt: skip
    statements = [
        "T[c,p,q] += s32(I[c,p+r-1,q+s-1]) * s32(W[c,r,s])",
        "T8[c,p,q] = max(sat_s8(round(f32(T[c,p,q]) * 0.0078125)), 0)",
        "O[k,p,q] += s32(T8[c,p,q]) * s32(V[k,c])",
        "O8[k,p,q] = sat_s8(round(f32(O[k,p,q]) * 0.001))",
    ]
    return _file("separable", {**sizes, "R": 3, "S": 3}, tensors, statements)


def requantised(
    *statements: str, u: str = "M, N", a: str = "M, K", b: str = "K, N", k: str = "k", **more: str
) -> Workload:
    """A product in T and what ``statements`` make of it: U, V (s32), H (s16), L (twice the rows), S."""
    shapes = {"A": f"s8 {a}", "B": f"s8 {b}", "T": "s32 M, N", "U": f"s8 {u}", "V": "s32 M, N", "H": "s16 M, N",
              "L": "s8 2*M, N", "S": "s8 M, N"}  # fmt: skip
    product = "T[m,n] += s32(A[m,k]) * s32(B[k,n])"
    text = " ".join([product, *statements])
    tensors = {name: shape for name, shape in shapes.items() if f"{name}[" in text}
    return _file("requantised", {"M": 20, "K": 7, "N": 18}, tensors, [product, *statements], **more)
