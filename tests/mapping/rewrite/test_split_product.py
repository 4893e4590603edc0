"""Products of three and more factors in two einsums: the same numbers, all splits, and MTTKRP on real machines."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.workload import Repeat, Tensor, Workload, workload
from isamap.mapping import map_einsum
from isamap.mapping.rewrite.rewritten import Rewritten
from isamap.mapping.rewrite.split_product import distributes, split_product
from isamap.spec import load_workload
from tests.machines import bundled
from tests.mapping.instructions import ADD, MAC, instruction, machine
from tests.mapping.rewrite.same import assert_same

TIMES = instruction("times", "Z[i] = X[i] * Y[i]", {"i": (1, 8)}, "s32", initialise="never")
BOTH = machine(MAC, TIMES)
SHAPES = {"i": 3, "j": 2, "k": 4, "l": 3}


def split(work: Workload, number: int = 0) -> list[Rewritten]:
    return list(split_product(work, number, BOTH))


def kernel(statement: str, dtype: str = "s16", held: str = "s16", /, **more: object) -> Workload:
    """Tensors A, B ... over axes of SHAPES, D of ``dtype``, the others of type ``held``."""
    names = frozenset(letter for letter in statement if letter.isupper())
    parsed = parse_statement(statement, names)
    einsum = parsed.over({axis: (SHAPES[axis], SHAPES[axis]) for axis in parsed.axis_names})
    ranges = {axis: (0, extent - 1) for axis, extent in einsum.extents.items()}
    tensors = {}
    for access in (*einsum.reads, *einsum.outputs):
        shape = tuple(max(1, index.bounds(ranges)[1] + 1 - (access.tensor == "B")) for index in access.affine_indices)
        border = 1 if access.tensor == "B" else None
        tensors[access.tensor] = Tensor(access.tensor, DTYPES[dtype if access.tensor == "D" else held], shape, border)
    axes = einsum.extents
    return workload("w", tensors.values(), [parsed], axes=axes, **more)  # type: ignore[arg-type]


def random_product(rng: Random) -> Workload:
    """Three or four factors over random axes: windows, borders, casts, constants, one factor twice, D continued."""
    dtype, held = rng.choice([("s32", "s8"), ("s32", "u8"), ("s16", "s16"), ("s8", "s8"), ("u8", "u8"), ("f32", "f32")])
    dtype, held = ("bool", "bool") if rng.random() < 0.1 else (dtype, held)
    cast = dtype if dtype != held else ""
    factors = []
    for name in "ABCE"[: rng.randint(3, 4)]:
        axes = rng.sample("ijkl", rng.randint(1, 3))
        at = [f"{axis} + {rng.choice('ijkl')}" if rng.random() < 0.2 else axis for axis in axes]
        factors.append(f"{cast}({name}[{','.join(at)}])")
    if rng.random() < 0.2:
        factors.append(rng.choice(factors))
    if rng.random() < 0.2 and dtype != "f32":
        factors.append("3")
    rng.shuffle(factors)
    value = " * ".join(factors) if rng.random() < 0.7 else f"{factors[0]} * ({' * '.join(factors[1:])})"
    used = parse_statement(f"D[] += {value}", frozenset("ABCDE")).axis_names
    left = rng.sample(used, rng.randint(0, min(3, len(used))))
    names = sorted({factor[factor.index("[") - 1] for factor in factors if "[" in factor})
    more: dict[str, object] = {}
    if dtype != "f32" and rng.random() < 0.3:
        more = {"inputs": ["D", *names], "outputs": ["D"]}
    return kernel(f"D[{','.join(left)}] += {value}", dtype, held, **more)


def test_the_same_numbers() -> None:
    rng = Random(5)
    for _ in range(130):
        work = random_product(rng)
        found = split(work)
        assert all(one.proved == (work.tensor("D").dtype.name != "f32") for one in found)
        assert all(one.origin == (0, 0) for one in found)
        for one in rng.sample(found, 2):
            assert_same(work, one.workload, seeds=1)


def statements(work: Workload) -> list[tuple[str, str]]:
    return [(one.workload.einsums[0].statement, one.workload.einsums[1].statement) for one in split(work)]


def test_all_splits_of_mttkrp() -> None:
    work = kernel("D[i,j] += A[i,k,l] * B[l,j] * C[k,j]")
    assert statements(work) == [
        ("T[i, k, j] += A[i, k, l] * B[l, j]", "D[i, j] += T[i, k, j] * C[k, j]"),
        ("T[i, l, j] += A[i, k, l] * C[k, j]", "D[i, j] += T[i, l, j] * B[l, j]"),
        ("T[l, j, k] = B[l, j] * C[k, j]", "D[i, j] += A[i, k, l] * T[l, j, k]"),
        ("T[l, j, k] += B[l, j] * C[k, j]", "D[i, j] += A[i, k, l] * T[l, j, k]"),
    ]


def test_a_scale_beside_the_sum_is_assigned_where_that_is_the_same() -> None:
    text = "D[i,j] += A[i,k] * B[k,j] * C[i]"
    assert ("T[i, j] += A[i, k] * B[k, j]", "D[i, j] = T[i, j] * C[i]") in statements(kernel(text))
    continued = kernel(text, inputs="DABC", outputs="D")
    assert all(" += " in second for _, second in statements(continued))
    before = kernel(text)
    parsed = parse_statement(text, frozenset("ABCD"))
    twice = workload("w", before.tensors, [parsed, parsed], axes=SHAPES)
    assert [" = " in one.workload.einsums[1].statement for one in split(twice)].count(True) > 0
    assert not any(" = " in one.workload.einsums[2].statement for one in split(twice, 1))
    for number in (0, 1):
        for one in split(twice, number):
            assert_same(twice, one.workload)


def test_an_output_that_shares_its_bytes_is_not_assigned() -> None:
    tensors = [Tensor(n, DTYPES["s32"], (4,)) for n in "ABCD"] + [Tensor("V", DTYPES["s32"], (4,), alias_of=("D", 0))]
    texts = ["V[i] = A[i]", "D[i] += A[i] * B[i] * C[i]"]
    work = workload("w", tensors, [parse_statement(t, frozenset("ABCDV")) for t in texts], outputs="D")
    found = split(work, 1)
    assert len(found) == 6
    assert all(one.workload.einsums[2].operator == "+=" for one in found)
    for one in found:
        assert_same(work, one.workload)


def test_equal_groups_count_once() -> None:
    """Two groups of A, A, C; of four factors 6 pairs and 4 triples; each with T assigned and with T summed from 0."""
    assert len(statements(kernel("D[] += A[i] * A[i] * C[i]"))) == 2 * 2
    assert len(statements(kernel("D[] += A[i] * B[i] * C[i] * E[i]"))) == 2 * (6 + 4)


@pytest.mark.parametrize(
    "work",
    [
        kernel("D[i] += A[i,k] * B[k]"),
        kernel("D[i] += A[i,k] + B[k] * C[k]"),
        kernel("D[i] max= A[i,k] * B[k] * C[k]"),
        kernel("D[i] = A[i] * B[i] * C[i]"),
        kernel("D[i] += s32(A[i,k] * B[k] * C[k])", "s32"),
        kernel("D[i] += sat_s8(A[i,k] * B[k] * C[k])", "s8"),
        kernel("D[i] += A[i] * 2 * 3"),
        kernel("D[i] += A[i] * D[i] * B[i]", inputs="DAB", outputs="D"),
    ],
)
def test_what_does_not_split(work: Workload) -> None:
    assert split(work) == []


def test_a_machine_that_does_not_multiply_gets_no_split() -> None:
    work = kernel("D[i,j] += A[i,k,l] * B[l,j] * C[k,j]")
    assert list(split_product(work, 0, machine(ADD))) == []
    assert {one.workload.einsums[0].operator for one in split_product(work, 0, machine(MAC))} == {"+="}
    assert not list(split_product(work, 0, machine(TIMES)))


def recurrent(text: str) -> Workload:
    shapes = {"X": (5, 3), "U": (5, 3), "W": (3, 3), "V": (3, 3), "H": (3,), "N": (3,)}
    tensors = [Tensor(n, DTYPES["s32"], shape) for n, shape in shapes.items() if n in text + "HN"]
    parsed = [parse_statement(one, frozenset(shapes)) for one in (text, "N[l] += H[l]")]
    return workload("w", tensors, parsed, repeat=Repeat("t", 5, (("N", "H"),)), outputs=("N",))


def test_recurrent() -> None:
    """Within a step its axis is fixed: no temporary has it, and no sum goes over it."""
    work = recurrent("N[l] += X[t,j] * W[j,k] * V[k,l] * U[t,l]")
    assert ("T[k] += X[t, j] * W[j, k]", "N[l] += T[k] * V[k, l] * U[t, l]") in statements(work)
    assert ("T[l, j] = X[t, j] * U[t, l]", "N[l] += T[l, j] * W[j, k] * V[k, l]") not in statements(work)
    assert ("T[j, l] = X[t, j] * U[t, l]", "N[l] += T[j, l] * W[j, k] * V[k, l]") in statements(work)
    for one in split(work):
        assert one.proved
        assert_same(work, one.workload, seeds=1)
    work = recurrent("N[l] += X[t,l] * W[l,l] * V[l,l]")
    assert ("T[l] = X[t, l] * W[l, l]", "N[l] = T[l] * V[l, l]") in statements(work)
    assert ("T[l] = W[l, l] * V[l, l]", "N[l] = X[t, l] * T[l]") in statements(work)


WRONG = {
    "summed too early": ("T[i] += A[i,k] * B[k]", "D[i] += T[i] * C[k]"),
    "a factor less": ("T[i,k] = A[i,k] * B[k]", "D[i] += T[i,k]"),
    "a factor twice": ("T[i,k] = A[i,k] * B[k]", "D[i] += T[i,k] * C[k] * C[k]"),
    "read twice": ("T[i,k] = A[i,k] * B[k]", "D[i] += T[i,k] * T[i,k] * C[k]"),
    "read elsewhere": ("T[i,k] = A[i,k] * B[k]", "D[i] += T[k,i] * C[k]"),
    "written elsewhere": ("T[i,k] = A[i,k] * B[k]", "D[k] += T[i,k] * C[k]"),
    "narrowed": ("R[i,k] = s8(A[i,k] * B[k])", "D[i] += s16(R[i,k]) * C[k]"),
}


@pytest.mark.parametrize("name", ["", *WRONG])
def test_what_is_called_proved(name: str) -> None:
    """The conditions refuse what is not the same."""
    names = frozenset("ABCDRT")
    right = ("T[i,k] = A[i,k] * B[k]", "D[i] += T[i,k] * C[k]")
    ranges = {"i": (3, 3), "k": (3, 3)}
    first, second = (parse_statement(text, names).over(ranges) for text in WRONG.get(name, right))
    shorter = replace(first, axes=tuple(replace(axis, least=2, most=2) for axis in first.axes))
    before = parse_statement("D[i] += A[i,k] * B[k] * C[k]", names).over(ranges)
    assert distributes(before, first, second) == (name == "")
    assert not distributes(before, shorter, second)


def test_mttkrp_on_p16() -> None:
    """Both einsums of the split by slices are matrix products; proved throughout."""
    small = {"I": 20, "J": 18, "K": 5, "R": 17, "in": "s16", "acc": "s16"}
    work, target = load_workload("mttkrp", small), bundled("p16")
    found = list(split_product(work, 0, target))
    assert len(found) == 3
    for one in found:
        assert_same(work, one.workload, seeds=1)
    by_slices = found[0]
    assert by_slices.proved
    matches = map_einsum(by_slices.workload, 0, target.instruction("mac")).matches
    assert (("i", ("i", "k")), ("j", ("r",)), ("k", ("j",))) in [match.axes for match in matches]
    assert all(match.proved for match in matches)
