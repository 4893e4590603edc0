"""Einsums with fewer operands than instructions: constants in the others, and the same numbers come out."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from isamap.compile import compile_workload
from isamap.compiled import Options
from isamap.ir.affine import Affine
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import Axis, Einsum, parse_statement
from isamap.ir.scalar import Access, Read, Scalar, rebuild
from isamap.ir.workload import Tensor, Workload, workload
from isamap.mapping import map_einsum
from isamap.mapping.rewrite.bits import neutral
from isamap.mapping.rewrite.constant import constant
from isamap.mapping.rewrite.constant_proof import same_value
from isamap.mapping.rewrite.rewritten import Rewritten
from tests.machines import bundled
from tests.mapping.instructions import MAC, instruction, kernel, machine
from tests.mapping.rewrite.constants import assert_same_beside

LONG = {"i": (1, 16), "j": (1, 16), "k": (1, 64)}
F32 = dict.fromkeys("ABCDXYZ", "f32")
FMA = instruction("fma", "D[i] = A[i] * B[i] + C[i]", {"i": (1, 8)}, "f32", initialise="never")
SCALE = instruction("scale", "Y[i] = sat_s8(s32(X[i]) * imm(m) >> imm(n))", {"i": (1, 8)}, {"X": "s8", "Y": "s8"})


def statements(found: list[Rewritten]) -> list[str]:
    return [one.workload.einsums[0].statement for one in found]


def borders(one: Rewritten) -> list[tuple[str, float | None]]:
    added = [tensor for tensor in one.workload.tensors if tensor.name.startswith("constant_")]
    return [(str(tensor.dtype), tensor.border) for tensor in added]


def test_a_sum_is_a_product_with_ones() -> None:
    work = kernel("sum", "Y[i] += X[i,k]", "s16", i=5, k=7)
    (one,) = constant(work, 0, machine(MAC))
    assert statements([one]) == ["Y[i] += X[i, k] * constant_B[k + 1]"]
    assert (borders(one), one.proved, one.rule, one.origin) == ([("s16", 1)], True, "constant", (0,))
    assert map_einsum(one.workload, 0, MAC, empty_axes=True).matches
    assert not map_einsum(work, 0, MAC, empty_axes=True).matches
    assert_same_beside(work, [one.workload])


def test_a_sum_that_only_this_workload_sees_fills_the_instruction() -> None:
    tensors = [Tensor(name, DTYPES["s16"], shape) for name, shape in {"X": (5, 7), "T": (5,), "Y": (5,)}.items()]
    lines = ["T[i] += X[i,k]", "Y[i] = T[i] - 3"]
    work = workload("w", tensors, [parse_statement(line, frozenset("XTY")) for line in lines])
    found = list(constant(work, 0, machine(MAC)))
    assert statements(found) == [
        "T[i, unit] += X[i, k] * constant_B[k + 1, unit + 1]",
        "T[i] += X[i, k] * constant_B[k + 1]",
    ]
    assert found[0].workload.einsums[1].statement == "Y[i] = T[i, 0] - 3"
    assert map_einsum(found[0].workload, 0, MAC).matches
    assert all(one.proved for one in found)
    assert_same_beside(work, [one.workload for one in found])


@pytest.mark.parametrize(
    ("statement", "types", "found", "held"),
    [
        ("Y[i] += X[i,k] * 0.25", F32, ["Y[i] += X[i, k] * constant_B[k + 1]"], [("f32", 0.25)]),
        ("Y[i] = X[i] * Z[i]", F32, ["Y[i] = X[i] * Z[i] + constant_C[i + 1]"], [("f32", 0.0)]),
        ("Y[i] = X[i] + Z[i]", F32, ["Y[i] = X[i] * constant_B[i + 1] + Z[i]"], [("f32", 1.0)]),
        (
            "Y[i] = X[i] + 0.5", F32,
            ["Y[i] = X[i] * constant_B[i + 1] + constant_C[i + 1]"], [("f32", 1.0), ("f32", 0.5)],
        ),
        ("Y[i] = sat_s8(s32(X[i]))", "s8", ["Y[i] = sat_s8(s32(X[i]) * 1 >> 0)"], []),
        ("Y[i] = sat_s8(s32(X[i]) >> 3)", "s8", ["Y[i] = sat_s8(s32(X[i]) * 1 >> 3)"], []),
    ],
)  # fmt: skip
def test_what_is_missing(statement: str, types: str, found: list[str], held: list[tuple[str, float]]) -> None:
    work = kernel("w", statement, types, **{x: 5 for x in "ik" if f"{x}]" in statement})
    product = instruction("product", "C[i,j] += A[i,k] * B[k,j]", LONG, "f32")
    (one, *others) = constant(work, 0, machine(product, FMA, SCALE))
    assert statements([one]) == found[:1], statements(others)
    assert borders(one) == held
    assert one.proved
    assert_same_beside(work, [one.workload for one in (one, *others)])


def test_ones_are_of_the_operands_type_and_numbers_must_fit_it() -> None:
    types = {"A": "s8", "B": "u8", "C": "s32"}
    product = machine(instruction("p", "C[i,j] += s32(A[i,k]) * s32(B[k,j])", LONG, types))

    def found(number: int) -> list[tuple[str, float | None]]:
        work = kernel("w", f"Y[i] += s32(X[i,k]) * {number}", {"X": "s8", "Y": "s32"}, i=3, k=4)
        every = list(constant(work, 0, product))
        assert_same_beside(work, [one.workload for one in every])
        return [border for one in every for border in borders(one)]

    assert (found(255), found(256), found(-1)) == ([("u8", 255)], [], [])
    as_u8 = kernel("w", "Y[i] += s32(X[i,k]) * -100", {"X": "u8", "Y": "s32"}, i=3, k=4)
    assert [borders(one) for one in constant(as_u8, 0, product)] == [[("s8", -100)]]


def test_a_machine_that_takes_the_maximum_of_two_rectifies() -> None:
    target = bundled("neoverse_v2")
    work = kernel("relu", "Y[i] = max(X[i], 0)", "s32", i=5)
    (one,) = constant(work, 0, target)
    assert statements([one]) == ["Y[i] = max(X[i], constant_B[i + 1])"]
    assert map_einsum(one.workload, 0, target.instruction("smax")).matches
    assert_same_beside(work, [one.workload])


def test_it_compiles_and_runs() -> None:
    work = kernel("sum", "Y[i] += s32(X[i,k])", {"X": "s8", "Y": "s32"}, i=20, k=6)
    (one, *_) = constant(work, 0, bundled("vliw4"))
    compiled = compile_workload(one.workload, bundled("vliw4"), Options(method="heuristic"))
    assert not compiled.violations


OPERATORS = {"+=": "s32 s8 f32", "=": "s32 s8 f32", "max=": "s32", "min=": "s32"}
MEANINGS = {
    "+=": ["C[i,j] += A[i,k] * B[k,j]", "C[i] += A[i,k] * B[k] + D[k]", "C[i,j] += A[k,i] * B[i,j,k]"],
    "=": [
        "C[i] = A[i] * B[i] + D[i]", "C[i] = max(A[i], B[i])", "C[i] = min(max(A[i], B[i]), D[i])",
        "C[i] = A[i] - B[i]", "C[i] = (A[i] & B[i]) ^ D[i]", "C[i] = A[i] * imm(m) + B[i]",
    ],
    "max=": ["C[i] max= A[i,k] + B[k]"],
    "min=": ["C[i] min= A[i,k] * B[i] - D[k]"],
}  # fmt: skip


def random_kernel(rng: Random) -> tuple[Workload, str, str]:
    """A kernel with one or two reads and a literal or none, and an instruction's meaning of more operands."""
    operator = rng.choice(list(OPERATORS))
    meaning, dtype = rng.choice(MEANINGS[operator]), rng.choice(OPERATORS[operator].split())
    if dtype == "f32" and ("&" in meaning or "m" in meaning):
        dtype = "s32"
    most = 3 if dtype == "f32" else 127
    literal = rng.choice([0, 1, 2, -1, rng.randint(-most, most)])
    functions = [f for f in ("+", "*", "-", "&") if f in meaning] + [f for f in ("max", "min") if f"{f}(" in meaning]
    value = "X[i,k]" if operator != "=" else "X[i]"
    if rng.random() < 0.7:
        other = rng.choice([str(literal), "Z[i]", "Z[i]"])
        f = rng.choice(functions)
        value = f"{f}({value}, {other})" if f in ("max", "min") else f"{value} {f} {other}"
    sizes = {"i": rng.randint(1, 5)} | ({"k": rng.randint(1, 6)} if operator != "=" else {})
    work = kernel("w", f"Y[i] {operator} {value}", dtype, **sizes)
    return work, meaning, dtype


def test_the_same_numbers_come_out() -> None:
    """Integers exactly; floats as well, where nothing is summed up (in another order)."""
    tried = 0
    for seed in range(160):
        work, meaning, dtype = random_kernel(Random(seed))
        axes = {axis: (1, 8) for axis in "ijk" if f"{axis}]" in meaning or f"{axis}," in meaning}
        found = list(constant(work, 0, machine(instruction("other", meaning, axes, dtype))))
        assert all(one.proved for one in found)
        sums_floats = dtype == "f32" and work.einsums[0].operator == "+="
        assert_same_beside(work, [one.workload for one in found], exactly=not sums_floats)
        tried += len(found)
    assert tried > 100


@pytest.mark.parametrize("function", ["+", "-", "*", "&", "|", "^", "max", "min", "<<", ">>"])
def test_what_changes_nothing(function: str) -> None:
    for name in ("s8", "u8", "s32", "u64"):
        assert neutral(function, DTYPES[name]) is not None
    expected = {"+": "-0.0", "-": "0.0", "*": "1.0"}.get(function, "None")
    assert [repr(neutral(function, DTYPES[name])) for name in ("f16", "bf16", "f32")] == [expected] * 3
    assert neutral("/", DTYPES["s32"]) is None


def test_spoiled_ones_are_not_proved() -> None:
    work = kernel("w", "Y[i] += X[i,k]", "s16", i=5, k=7)
    (one,) = constant(work, 0, machine(MAC))
    before, after, tensor = work.einsums[0], one.workload.einsums[0], one.workload.tensor("constant_B")

    def holds(einsum: Einsum = after, border: int = 1, shape: tuple[int, ...] = (1,)) -> bool:
        return same_value(before, einsum, {"constant_B": replace(tensor, border=border, shape=shape)}, work.dtype_of)

    def reading(*indices: Affine, axes: tuple[Axis, ...] = after.axes) -> Einsum:
        def change(node: Scalar) -> Scalar:
            held = isinstance(node, Read) and node.access.tensor == "constant_B"
            return Read(Access("constant_B", indices)) if held else node

        return replace(after, value=rebuild(after.value, change), axes=axes)

    k = Affine((("k", 1),))
    assert holds()
    assert not holds(border=2)
    assert not holds(shape=(2,))  # k + 1 is 1, inside
    assert not holds(reading(k))
    assert holds(reading(k + 4))
    assert not holds(replace(after, operator="max="))
    assert not holds(replace(after, axes=(after.axes[0], replace(after.axes[1], least=6, most=6))))
    assert not holds(replace(after, outputs=(Access("Y", (Affine((("i", 1),), 1),)),)))
    for extent in (1, 2):  # summed over z as well
        deeper = reading(k + 1, Affine((("z", 1),), 1), axes=(*after.axes, Axis("z", extent, extent)))
        assert holds(deeper, shape=(1, 1)) == (extent == 1)


def test_the_order_of_a_difference_is_kept() -> None:
    tensors = {name: Tensor(name, DTYPES["s16"], (4,), 0) for name in "XYK"}
    names = frozenset(tensors)
    values = ("X[i]", "X[i] - K[i+4]", "K[i+4] - X[i]")
    before, right, left = (parse_statement(f"Y[i] = {value}", names).over({"i": (4, 4)}) for value in values)
    types = {name: tensor.dtype for name, tensor in tensors.items()}
    assert same_value(before, right, {"K": tensors["K"]}, types)
    assert not same_value(before, left, {"K": tensors["K"]}, types)
