"""Small random kernels as kernel files, one function per family: what a seed gives is always the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

from isamap.ir.workload import Workload
from isamap.spec import load_workload

Types = tuple[str, str]
TYPES: dict[str, Types] = {
    "p16": ("s16", "s16"), "tiles": ("s16", "s32"), "tiny": ("s8", "s32"), "vliw4": ("s8", "s32"),
}  # fmt: skip
"""(inputs, accumulators) that each machine multiplies."""


def _product(types: Types, left: str, right: str) -> str:
    """``left`` times ``right``, in either order, in the accumulators' type."""
    return " * ".join(f"{types[1]}({side})" if types[0] != types[1] else side for side in (left, right))


def _file(types: Types, sizes: dict[str, int], tensors: dict[str, str], *einsums: str, more: str = "") -> str:
    """A kernel file; the tensors A, B, I and W are of the first type, all others of the second."""
    held = ", ".join(f"{name}: {size}" for name, size in sizes.items())
    lines = ["name: random", f"sizes: {{{held}}}", "tensors:"]
    for name, shape in tensors.items():
        border = ", border: 0" if name == "I" else ""
        lines.append(f"  {name}: {{dtype: {types[name not in 'ABIW']}, shape: [{shape}]{border}}}")
    return "\n".join([*lines, "einsums:", *(f"  - {statement}" for statement in einsums), more, ""])


def gemm(rng: Random, types: Types, most: int = 40) -> str:
    sizes = {name: rng.randint(1, most) for name in "MNK"}
    a, b = rng.choice([("M, K", "m,k"), ("K, M", "k,m")]), rng.choice([("K, N", "k,n"), ("N, K", "n,k")])
    c = rng.choice([("M, N", "m,n"), ("N, M", "n,m")])
    pair = [f"A[{a[1]}]", f"B[{b[1]}]"]
    rng.shuffle(pair)
    return _file(types, sizes, {"A": a[0], "B": b[0], "C": c[0]}, f"C[{c[1]}] += {_product(types, *pair)}")


def continued(rng: Random, types: Types, most: int = 40) -> str:
    """A gemm whose output is also an input."""
    text = gemm(rng, types, most)
    return text + "inputs: [A, B, C]\noutputs: [C]\n"


def batch(rng: Random, types: Types, most: int = 20) -> str:
    sizes = {"L": rng.randint(1, 4)} | {name: rng.randint(1, most) for name in "MNK"}
    tensors = {"A": "L, M, K", "B": "L, K, N", "C": "L, M, N"}
    return _file(types, sizes, tensors, f"C[l,m,n] += {_product(types, 'A[l,m,k]', 'B[l,k,n]')}")


def conv1d(rng: Random, types: Types, most: int = 12) -> str:
    """Stride, dilation and padding; sometimes the filter, or the whole sequence, runs backwards."""
    sizes = {"K": rng.randint(1, most), "C": rng.randint(1, most), "P": rng.randint(1, most), "R": rng.randint(1, 4)}
    stride, dilation, pad = rng.randint(1, 3), rng.randint(1, 2), rng.randint(0, 2)
    width = stride * (sizes["P"] - 1) + dilation * (sizes["R"] - 1) + 1 - 2 * pad
    if width < 1:
        pad, width = 0, width + 2 * pad
    p = f"{stride}*p" if rng.random() < 0.75 else f"{stride * (sizes['P'] - 1)} - {stride}*p"
    r = "r" if rng.random() < 0.5 else f"{sizes['R'] - 1} - r"
    at = f"{p} + {dilation}*r - {pad}"
    tensors = {"I": f"C, {width}", "W": "K, C, R", "O": "K, P"}
    axes = "axes: {p: P, r: R}"
    return _file(types, sizes, tensors, f"O[k,p] += {_product(types, f'I[c,{at}]', f'W[k,c,{r}]')}", more=axes)


def conv2d(rng: Random, types: Types, most: int = 8) -> str:
    sizes = {n: rng.randint(1, most) for n in "KCPQ"} | {n: rng.randint(1, 3) for n in "RS"} | {"N": rng.randint(1, 2)}
    stride, dilation, pad = rng.randint(1, 2), rng.randint(1, 2), rng.randint(0, 1)
    shape = [stride * (sizes[p] - 1) + dilation * (sizes[r] - 1) + 1 - 2 * pad for p, r in ("PR", "QS")]
    if min(shape) < 1:
        pad, shape = 0, [extent + 2 * pad for extent in shape]
    rows, columns = f"{stride}*p + {dilation}*r - {pad}", f"{stride}*q + {dilation}*s - {pad}"
    flip = (f"{sizes['R'] - 1} - r", f"{sizes['S'] - 1} - s") if rng.random() < 0.3 else ("r", "s")
    tensors = {"I": f"N, C, {shape[0]}, {shape[1]}", "W": "K, C, R, S", "O": "N, K, P, Q"}
    product = _product(types, f"I[n,c,{rows},{columns}]", f"W[k,c,{flip[0]},{flip[1]}]")
    return _file(types, sizes, tensors, f"O[n,k,p,q] += {product}", more="axes: {r: R, s: S}")


def depthwise(rng: Random, types: Types, most: int = 10) -> str:
    sizes = {n: rng.randint(1, most) for n in "CPQ"} | {n: rng.randint(1, 3) for n in "RS"}
    tensors = {"I": "C, P+R-1, Q+S-1", "W": "C, R, S", "O": "C, P, Q"}
    return _file(types, sizes, tensors, f"O[c,p,q] += {_product(types, 'I[c,p+r,q+s]', 'W[c,r,s]')}")


def chain(rng: Random, types: Types, most: int = 20) -> str:
    """Two products: what the first writes the second reads (types that differ pass through a second pair)."""
    sizes = {name: rng.randint(1, most) for name in "MNKL"}
    tensors = {"A": "M, K", "B": "K, N", "T": "M, N", "W": "N, L", "Y": "M, L"}
    return _file(types, sizes, tensors, "T[m,n] += A[m,k] * B[k,n]", "Y[m,l] += T[m,n] * W[n,l]")


def _vectors(rng: Random, most: int) -> tuple[dict[str, int], str, str]:
    rank = rng.randint(1, 3)
    sizes = {name: rng.randint(1, most) for name in "MNK"[:rank]}
    return sizes, ", ".join(sizes), ",".join(sizes).lower()


def odd(rng: Random, types: Types, most: int = 12) -> str:
    """Accesses that no library has: skewed, diagonal, of one tensor twice, into every other row, backwards; the output
    may be an input, and must be one where parts of it are not written."""
    sizes = {name: rng.randint(1, most) for name in "MNK"}
    product = partial(_product, types)
    cases: list[tuple[dict[str, str], tuple[str, ...], bool]] = [
        ({"A": "M+K-1, K", "B": "K, N", "C": "M, N"}, (f"C[m,n] += {product('A[m+k,k]', 'B[k,n]')}",), False),
        ({"A": "M+N-1, K", "B": "N, K", "C": "M, N"}, (f"C[m,n] += {product('A[m+n,k]', 'B[n,k]')}",), False),
        ({"A": "M+N, K", "C": "M, N"}, (f"C[m,n] += {product('A[m,k]', 'A[n+M,k]')}",), False),
        ({"A": "M+N+K", "C": "M, N"}, (f"C[m,n] += {product('A[m+k]', 'A[n+k+1]')}",), False),
        ({"A": "M, K", "B": "K, N", "C": "2*M, 3*N"}, (f"C[2*m+1,3*n] += {product('A[m,k]', 'B[k,n]')}",), True),
        ({"A": "M, K", "B": "K, N", "C": "N, M"}, (f"C[N-1-n,M-1-m] += {product('A[m,k]', 'B[k,N-1-n]')}",), False),
        ({"A": "K, K, M", "B": "K, N", "C": "M, N"}, (f"C[m,n] += {product('A[k,k,m]', 'B[k,n]')}",), False),
        ({"A": "3, M, K", "B": "K, N", "C": "M, 2, N"}, (f"C[m,1,n] += {product('A[2,m,k]', 'B[k,n]')}",), True),
        (
            {"A": "M, K", "B": "K, N", "W": "N, K", "C": "M, N"},
            (f"C[m,n] += {product('A[m,k]', 'B[k,n]')}", f"C[m,n] += {product('A[m,k]', 'W[n,k]')}"),
            False,
        ),
    ]
    tensors, einsums, given = rng.choice(cases)
    more = "axes: {m: M, n: N, k: K}\noutputs: [C]"
    if given or rng.random() < 0.4:
        more += f"\ninputs: [{', '.join(tensors)}]"
    return _file(types, sizes, tensors, *einsums, more=more)


def relu(rng: Random, types: Types, most: int = 9) -> str:
    sizes, shape, at = _vectors(rng, most)
    return _file(types, sizes, {"X": shape, "Y": shape}, f"Y[{at}] = max(X[{at}], 0)")


def add(rng: Random, types: Types, most: int = 9) -> str:
    sizes, shape, at = _vectors(rng, most)
    return _file(types, sizes, {"X": shape, "Z": shape, "Y": shape}, f"Y[{at}] = X[{at}] + Z[{at}]")


def gemm_relu(rng: Random, types: Types, most: int = 9) -> str:
    """Two einsums on two units of tiny."""
    sizes = {name: rng.randint(1, most) for name in "MNK"}
    product = f"C[m,n] += {_product(types, 'A[m,k]', 'B[k,n]')}"
    tensors = {"A": "M, K", "B": "K, N", "C": "M, N", "Y": "M, N"}
    return _file(types, sizes, tensors, product, "Y[m,n] = max(C[m,n], 0)")


def separable(rng: Random, types: Types, most: int = 7) -> str:
    """Depthwise, made small again, pointwise: on vliw4, whose factor it is."""
    sizes = {n: rng.randint(1, most) for n in "CPQK"} | {n: rng.randint(1, 3) for n in "RS"}
    tensors = {"I": "C, P+R-1, Q+S-1", "W": "C, R, S", "D": "C, P, Q", "A": "C, P, Q", "B": "K, C", "O": "K, P, Q"}
    depthwise_part = f"D[c,p,q] += {_product(types, 'I[c,p+r,q+s]', 'W[c,r,s]')}"
    smaller = f"A[c,p,q] = sat_{types[0]}(s64(D[c,p,q]) * 77 >> 14)"
    return _file(types, sizes, tensors, depthwise_part, smaller, f"O[k,p,q] += {_product(types, 'A[c,p,q]', 'B[k,c]')}")


def whole_tiles(rng: Random, types: Types) -> str:
    """A gemm of whole 16 x 16 x 16 tiles."""
    sizes = {name: 16 * rng.randint(1, 4) for name in "MNK"}
    product = _product(types, "A[m,k]", "B[k,n]")
    return _file(types, sizes, {"A": "M, K", "B": "K, N", "C": "M, N"}, f"C[m,n] += {product}")


def whole_tiles_continued(rng: Random, types: Types) -> str:
    return whole_tiles(rng, types) + "inputs: [A, B, C]\noutputs: [C]\n"


FAMILIES: dict[str, tuple[Callable[..., str], ...]] = {
    "p16": (gemm, continued, batch, conv1d, conv2d, depthwise, chain, odd),
    "tiles": (whole_tiles, whole_tiles_continued),
    "tiny": (gemm, continued, conv1d, relu, add, gemm_relu, batch, odd),
    "vliw4": (gemm, continued, conv1d, conv2d, depthwise, separable, relu, add, gemm_relu, odd),
}


def random_kernel(machine: str, seed: int, most: int | None = None) -> tuple[str, str, Workload]:
    """(family, text, workload): the families of ``machine`` in turn, each with what ``seed`` draws up to ``most``."""
    rng = Random(seed)
    family = FAMILIES[machine][seed % len(FAMILIES[machine])]
    text = family(rng, TYPES[machine]) if most is None or machine == "tiles" else family(rng, TYPES[machine], most)
    return family.__name__, text, load_workload(text)
