"""Random sums, finished in random ways, on arrays between pages that may not be touched.

``python -m tests.codegen.finishes 200 7 16 u8s8`` runs two hundred of the family u8s8, from seed 7, on vectors of 16
lanes, each compared with its meaning: to the last bit, as factors of type f32 are small integers, NaN and infinities,
of which all sums are exact.
"""

from __future__ import annotations

import sys
from random import Random

import numpy as np

from isamap.codegen.kernel import arguments, kernel
from isamap.codegen.native import compiled
from isamap.ir.blocking import Blocking, Loop, Panels
from isamap.ir.contraction import Contraction, contraction_of
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.partial import scratch_bytes
from isamap.ir.workload import Tensor, Workload, workload
from isamap.simulate.evaluate import evaluate
from tests.codegen.expressions import INTEGERS, Expressions
from tests.codegen.families import FAMILIES, Array, Family, types
from tests.codegen.guarded import Guarded

_NAMES = frozenset(("A", "B", "S", "T", "C", "D0", "D1", "D2"))
_UNUSUAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, 3e38, -3e9, 2.5, -0.5, 1e20)


def work_of(rng: Random, lanes: int, family: Family) -> tuple[Workload, bool]:
    """A matrix product whose sums are finished; and whether the lanes may lie along its reduced axis."""
    m, n, k = rng.randint(1, 9), rng.choice([1, rng.randint(1, 3 * lanes + 5)]), rng.randint(1, 20)
    turned = rng.random() < 0.25
    row, column = rng.choice([("m", "n"), ("i", "j")])
    both = f"[{row},{column}]"
    one, other = types(family, rng)
    tensors = [Tensor("A", one, (m, k)), Tensor("B", other, (n, k) if turned else (k, n))]
    tensors.append(Tensor("S", DTYPES[family.sums], (m, n)))
    reads = {family.sums: ["S" + both]}
    for name in ("D0", "D1", "D2"):
        tensor, indices = _other(rng, name, {row: m, column: n})
        tensors.append(tensor)
        reads.setdefault(tensor.dtype.name, []).append(name + indices)
    output = Tensor("C", DTYPES[rng.choice(("f32", *INTEGERS))], (m, n), strides=(n + rng.choice([0, 3]), 1))
    tensors.append(output)
    if rng.random() < 0.3:
        reads.setdefault(output.dtype.name, []).append("C" + both)
    expressions = Expressions(rng, reads)
    wide = f"{family.sums}(A[m,k]) * {family.sums}({'B[n,k]' if turned else 'B[k,n]'})"
    texts, known = [f"S[m,n] += {wide}"], ("S" + both, family.sums)
    if rng.random() < 0.3:
        between = rng.choice(("f32", *INTEGERS))
        tensors.append(Tensor("T", DTYPES[between], (n, m)))
        texts.append(f"T[{column},{row}] = {_with(expressions, known, between)}")
        known = f"T[{column},{row}]", between
    texts.append(f"C{both} {rng.choice(['=', '=', '+=', 'max='])} {_with(expressions, known, output.dtype.name)}")
    return _workload(tensors, texts), turned and not family.is_exact


def _with(expressions: Expressions, known: tuple[str, str], dtype: str) -> str:
    """A value that depends on what was computed before."""
    read, source = known
    own = read if source == dtype else f"sat_{dtype}({read})"
    return f"({expressions.value(dtype, 3)}) + {own}"


def _other(rng: Random, name: str, axes: dict[str, int]) -> tuple[Tensor, str]:
    """A tensor beside the sums: whole, transposed, along one axis or none, its elements apart or not."""
    own = [axis for axis in axes if rng.random() < 0.7]
    rng.shuffle(own)
    strides, step = list[int](), rng.choice([1, 1, 2])
    for axis in reversed(own):
        strides.insert(0, step)
        step = step * axes[axis] + rng.choice([0, 3])
    dtype = DTYPES[rng.choice(("f32", "f32", *INTEGERS))]
    return Tensor(name, dtype, tuple(axes[axis] for axis in own), strides=tuple(strides)), f"[{','.join(own)}]"


def _workload(tensors: list[Tensor], texts: list[str]) -> Workload:
    statements = [parse_statement(text, _NAMES) for text in texts]
    last = statements[-1]
    goes_on = last.operator != "=" or any("C[" in text.partition("=")[2] for text in texts)
    read = ["A", "B", "D0", "D1", "D2", *(["C"] if goes_on else [])]
    return workload("random", tensors, statements, inputs=read, outputs=["C"])


def cut(rng: Random, what: Contraction, lanes: int, dot: bool) -> Blocking:
    """A random way to cut the output; panels of any factor."""
    columns = rng.randint(1, 5) if dot else lanes * rng.randint(1, 3)
    outer = [Loop("n", columns * rng.randint(1, 3)), Loop("k", rng.choice([4, 8, 12, 100]))]
    rng.shuffle(outer)
    loops = (*outer, Loop("n", columns), Loop("m", rng.choice([1, 2, 3, 5])))
    needed = "B" if what.sums.is_integer or what.factors[1].strides["n"] != 1 else ""
    panels = [Panels(x, rng.choice([0, 1, 2])) for x in "AB" if not dot and (x == needed or rng.random() < 0.5)]
    return Blocking("k" if dot else "n", loops, tuple(panels), (), rng.choice([1, 2, 4]))


class Placed:
    """A tensor's array at the end, or the beginning, of the pages that may be touched."""

    def __init__(self, rng: Random, tensor: Tensor) -> None:
        elements = tensor.size_bytes // tensor.dtype.size_bytes
        self._memory = Guarded(elements, tensor.dtype, rng.random() < 0.7)
        self._flat, self._tensor = self._memory.array, tensor
        self.array = self._in(self._flat)

    def _in(self, flat: Array) -> Array:
        steps = [stride * flat.itemsize for stride in self._tensor.element_strides]
        return np.lib.stride_tricks.as_strided(flat, self._tensor.shape, steps)

    @property
    def address(self) -> int:
        return self._memory.address

    @property
    def around(self) -> Array:
        """The memory with 0 for its own elements."""
        found = np.array(self._flat)
        self._in(found)[...] = 0
        return found


def fill(rng: Random, tensor: Tensor, array: Array) -> None:
    """Factors: small integers, rarely no numbers. Others: all kinds of numbers."""
    numbers = np.random.default_rng(rng.randrange(1 << 30))
    if tensor.dtype.is_integer:
        info = np.iinfo(array.dtype)
        array[...] = numbers.integers(info.min, info.max, tensor.shape, array.dtype, endpoint=True)
        return
    is_factor = tensor.name in ("A", "B")
    array[...] = numbers.integers(-8, 9, tensor.shape) if is_factor else numbers.normal(0, 20, tensor.shape)
    unusual = numbers.random(tensor.shape) < (0.01 if is_factor else 0.2)
    array[unusual] = numbers.choice(_UNUSUAL[:3] if is_factor else _UNUSUAL, int(unusual.sum()))


def run(rng: Random, lanes: int, family: Family) -> None:
    """Runs one; raises AssertionError where its numbers are wrong or it wrote what is not its own."""
    work, dot = work_of(rng, lanes, family)
    what = contraction_of(work)
    how = cut(rng, what, lanes, dot)
    placed = {name: Placed(rng, work.tensor(name)) for name in dict.fromkeys((*work.inputs, "C"))}
    for name, each in placed.items():
        fill(rng, work.tensor(name), each.array)
    found, around = placed["C"].array, placed["C"].around
    wanted = evaluate(work, {name: np.array(placed[name].array) for name in work.inputs})["C"]
    product, names = family.product(lanes), arguments(what)
    scratch = Guarded(scratch_bytes(what, how, product), DTYPES["u8"], at_end=True)
    native = compiled(str(kernel(what, how, product)), "kernel", len(names) + 1)
    native.call(*(placed[name].address for name in names), scratch.address)
    same = np.array_equal(found, wanted, equal_nan=work.tensor("C").dtype.is_float)
    assert same, ([einsum.statement for einsum in work.einsums], how, wanted, found)
    assert np.array_equal(placed["C"].around, around), ("wrote between its rows", work, how)


def main() -> None:
    count, seed, lanes = (int(text) for text in sys.argv[1:4])
    rng = Random(seed)
    for _ in range(count):
        run(rng, lanes, FAMILIES[sys.argv[4]])
    print(count)


if __name__ == "__main__":
    main()
