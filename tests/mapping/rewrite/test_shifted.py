"""Products of bytes of the wrong sign: shifted and compensated, at borders too; the same numbers come out."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.hardware import Target
from isamap.ir.workload import Repeat, Tensor, Workload, workload
from isamap.mapping import map_einsum
from isamap.mapping.rewrite.offset import is_offset, other_sign
from isamap.mapping.rewrite.rewritten import Rewritten
from isamap.mapping.rewrite.shifted import shifted
from tests.machines import bundled
from tests.mapping.instructions import instruction, kernel, machine
from tests.mapping.rewrite.constants import assert_same_beside

BYTES = {"A": "s8", "B": "s8", "C": "s32"}
GEMM = kernel("gemm", "C[m,n] += s32(A[m,k]) * s32(B[k,n])", BYTES, m=20, n=32, k=32)
LONG = {"i": (1, 16), "j": (1, 16), "k": (1, 64)}


def product(a: str, b: str, c: str, name: str = "product") -> Target:
    """A machine with a matrix product of ``a`` and ``b`` into ``c``."""
    return machine(instruction(name, f"C[i,j] += {c}(A[i,k]) * {c}(B[k,j])", LONG, {"A": a, "B": b, "C": c}))


def statements(one: Rewritten) -> list[str]:
    return [einsum.statement for einsum in one.workload.einsums]


def test_vnni_takes_signed_bytes_through_a_shift() -> None:
    target = bundled("x86_avx512")
    direct = [map_einsum(GEMM, 0, one) for one in target.instructions if one.name.startswith("vpdpbusd")]
    assert not any(one.matches for one in direct)
    first = next(shifted(GEMM, 0, target))
    assert statements(first) == [
        "A_shifted[a0, a1] = u8(s32(A[a0, a1]) + 128)",
        "C_product[m, n] += s32(A_shifted[m, k]) * s32(B[k, n])",
        "C_excess[n] += s32(constant_A[k + 1]) * s32(B[k, n])",
        "C[m, n] = C_product[m, n] - C_excess[n]",
    ]
    assert (first.proved, first.rule, first.origin) == (True, "shifted", (0, 0, 0, 0))
    work = first.workload
    assert (work.tensor("constant_A").border, work.inputs) == (128, ("A", "B", "constant_A"))
    done = {one.name: one for one in target.instructions}
    for number, name in enumerate(("vpxord_128", "vpdpbusd", "vpdpbusd", "vpsubd")):
        assert map_einsum(work, number, done[name]).matches, name
    assert_same_beside(GEMM, [one.workload for one in shifted(GEMM, 0, target)])


def test_either_factor_and_only_what_the_machine_takes() -> None:
    both = [statements(one)[1] for one in shifted(GEMM, 0, product("u8", "s8", "s32"))]
    assert {text.split(" += ")[1][:14] for text in both} == {"s32(A_shifted[", "s32(B_shifted["}
    assert list(shifted(GEMM, 0, product("u8", "u8", "s32"))) == []  # both would have to be shifted
    assert list(shifted(GEMM, 0, product("u8", "s8", "s64"))) == []
    unsigned = kernel("g", "C[m,n] += s32(A[m,k]) * s32(B[k,n])", {**BYTES, "A": "u8"}, m=3, n=4, k=5)
    (one, *_) = shifted(unsigned, 0, product("s8", "s8", "s32"))
    assert statements(one)[0] == "A_shifted[a0, a1] = s8(s32(A[a0, a1]) + -128)"
    assert_same_beside(unsigned, [one.workload])


@pytest.mark.parametrize("spelled", ["u8(A[i]) + 128", "u8(A[i]) ^ 128", "u8(s32(A[i]) + 128)"])
def test_the_shift_is_spelled_as_the_machine_does_it(spelled: str) -> None:
    add = instruction("add", f"D[i] = {spelled}", {"i": (1, 64)}, {"A": "s8", "D": "u8"})
    target = replace(product("u8", "s8", "s32"), instructions=(add, *product("u8", "s8", "s32").instructions))
    (one, *_) = shifted(GEMM, 0, target)
    assert statements(one)[0].endswith(spelled.replace("A[i]", "A[a0, a1]"))
    assert one.proved
    assert map_einsum(one.workload, 0, add).matches
    assert_same_beside(GEMM, [one.workload])


def test_a_wrong_shift_is_not_proved() -> None:
    s8, u8 = DTYPES["s8"], DTYPES["u8"]
    assert [is_offset(s8, u8, 128, n) for n in range(3)] == [True, True, True]
    assert [is_offset(s8, u8, 127, n) for n in range(3)] == [False, False, False]
    assert [is_offset(u8, s8, -128, n) for n in range(3)] == [True, True, True]
    for name in ("s4", "u4", "s16", "u16", "s32", "u32"):
        flipped = other_sign(DTYPES[name])
        assert flipped is not None
        assert is_offset(DTYPES[name], flipped, int(flipped.wrap(1 << flipped.bits - 1)), 0)
    assert [other_sign(DTYPES[name]) for name in ("s64", "f32", "bool")] == [None, None, None]


def write(tensors: dict[str, Tensor], statement: str, axes: dict[str, int], **more: object) -> Workload:
    return workload("w", tensors.values(), [parse_statement(statement, frozenset(tensors))], axes=axes, **more)  # type: ignore[arg-type]


def random_product(rng: Random) -> Workload:
    """Two factors with windows, steps, offsets, borders that are not 0, shared and missing axes; an output that may
    continue from its input, have gaps, or turn axes round."""
    extents = {x: rng.randint(1, 4) for x in "mnkrb"}
    types = {"A": rng.choice(["s8", "u8", "s4"]), "B": rng.choice(["s8", "u8", "s8"])}
    wide = rng.choice(["s32", "s32", "s16", "s64"])

    def access(name: str, axes: list[str]) -> tuple[str, Tensor]:
        indices, shape = [], []
        while axes:
            steps = {axes.pop(): rng.choice([1, 1, 2])}
            if axes and rng.random() < 0.4:
                steps[axes.pop()] = 1
            before, reach = rng.choice([0, 0, 1, 2]), sum((extents[x] - 1) * step for x, step in steps.items())
            indices.append(" + ".join(f"{step}*{x}" for x, step in steps.items()) + f" - {before}")
            shape.append(max(1, reach + 1 - before - rng.choice([0, 0, 1])))
        border = rng.randint(int(DTYPES[types[name]].least), int(DTYPES[types[name]].most))
        return f"{name}[{', '.join(indices)}]", Tensor(name, DTYPES[types[name]], tuple(shape), border)

    mine = [x for x in "mkrb" if x in "mk" or rng.random() < 0.5]
    theirs = [x for x in "nkrb" if x in "n" or rng.random() < 0.6]
    rng.shuffle(mine)
    rng.shuffle(theirs)
    (a, one), (b, two) = access("A", list(mine)), access("B", list(theirs))
    left = [x for x in "mnb" if x in mine + theirs and (x != "b" or rng.random() < 0.7)]
    rng.shuffle(left)
    gap = rng.choice([0, 0, 1])
    c = f"C[{', '.join(f'{1 + gap}*{x}' for x in left)}]"
    three = Tensor("C", DTYPES[wide], tuple((1 + gap) * (extents[x] - 1) + 1 + gap for x in left))
    factors = [f"{wide}({a})", f"{wide}({b})"]
    rng.shuffle(factors)
    used = {x: extents[x] for x in {*mine, *theirs}}
    continues = rng.random() < 0.3
    given = {"inputs": ("A", "B", "C"), "outputs": ("C",)} if continues else {}
    return write({"A": one, "B": two, "C": three}, f"{c} += {' * '.join(factors)}", used, **given)


def machine_for(work: Workload) -> Target:
    """One product for each way of taking one of the two factors with the other sign."""
    a, b, c = (work.dtype_of[name] for name in "ABC")
    pairs = [(other_sign(a), b), (a, other_sign(b))]
    found = [product(str(one), str(two), str(c), f"p{n}").instructions[0] for n, (one, two) in enumerate(pairs)]
    return machine(*found)


@pytest.mark.parametrize("seed", range(120))
def test_the_same_numbers_come_out(seed: int) -> None:
    work = random_product(Random(seed))
    found = list(shifted(work, 0, machine_for(work)))
    assert len({text for one in found for text in statements(one) if "_shifted" in text.split("[")[0]}) == 2
    assert all(one.proved for one in found)
    assert_same_beside(work, [one.workload for one in found])


def test_sums_that_are_done_once_for_all_elements() -> None:
    """A padded convolution: the image is shifted with its border, weights are summed once per output channel."""
    image, weights = Tensor("I", DTYPES["s8"], (3, 6), border=-5), Tensor("W", DTYPES["s8"], (4, 3, 3))
    tensors = {"I": image, "W": weights, "O": Tensor("O", DTYPES["s32"], (4, 6))}
    work = write(tensors, "O[k,p] += s32(I[c,p+r-1]) * s32(W[k,c,r])", {"p": 6})
    for one in shifted(work, 0, product("u8", "s8", "s32")):
        excess = one.workload.einsums[2]
        shapes = {name: one.workload.tensor(name).shape for name in ("O_excess", "O_product")}
        if "I_shifted" in statements(one)[0]:
            assert one.workload.tensor("I_shifted").border == 123
            assert (excess.extents["k"], shapes["O_excess"][0], "p" in excess.extents) == (4, 4, False)
        else:
            assert [x for x in excess.parallel_axes if x in "kp"] == ["p"]
        assert_same_beside(work, [one.workload])


def test_what_others_gave_before_is_kept() -> None:
    tensors = {n: Tensor(n, DTYPES["s8"], (3, 3)) for n in "AB"} | {"C": Tensor("C", DTYPES["s32"], (3, 3))}
    lines = ["C[m,n] += s32(A[m,k]) * s32(B[k,n])", "C[m,n] += s32(A[n,k]) * s32(B[k,m])"]
    work = workload("w", tensors.values(), [parse_statement(line, frozenset(tensors)) for line in lines])
    for number, operator in ((0, "="), (1, "+=")):
        for one in shifted(work, number, product("u8", "s8", "s32")):
            assert one.workload.einsums[number + 3].operator == operator
            assert_same_beside(work, [one.workload])


def test_under_a_recurrence_every_step_is_shifted_anew() -> None:
    shapes = {"H": (3,), "G": (3,), "W": (3, 3), "X": (5, 3), "C": (5, 3), "D": (3,)}
    tensors = {n: Tensor(n, DTYPES["s32" if n in "CD" else "s8"], shape) for n, shape in shapes.items()}
    lines = ["C[t,m] += s32(H[k]) * s32(W[k,m])", "D[m] += s32(X[t,m]) * s32(W[k,m])", "G[m] = X[t,m] + H[2-m]"]
    parsed = [parse_statement(line, frozenset(tensors)) for line in lines]
    repeat = Repeat("t", 5, (("G", "H"),))
    work = workload("w", tensors.values(), parsed, axes={"t": 5, "k": 3}, repeat=repeat, outputs=("C", "D"))
    for number in (0, 1):
        found = list(shifted(work, number, product("u8", "s8", "s32")))
        assert len({statements(one)[number] for one in found}) == 2
        for one in found:
            assert_same_beside(work, [one.workload])


@pytest.mark.parametrize(
    ("statement", "types"),
    [
        ("C[m,n] += s32(A[m,k]) * s32(B[k,n]) + 1", BYTES),
        ("C[m,n] max= s32(A[m,k]) * s32(B[k,n])", BYTES),
        ("C[m,n] += sat_u8(A[m,k]) * B[k,n]", {"A": "s8", "B": "u8", "C": "u8"}),
        ("C[m,n] += A[m,k] * B[k,n]", dict.fromkeys("ABC", "f32")),
        ("C[m,n] += s32(A[m,k]) * 3 * s32(B[k,n])", BYTES),
    ],
)
def test_what_is_no_sum_of_products_of_two_integers_stays(statement: str, types: dict[str, str]) -> None:
    work = kernel("w", statement, types, m=3, n=4, k=5)
    machines = [product(a, b, c) for a in ("u8", "s8") for b in ("u8", "s8") for c in ("s32", "u8")]
    assert not [one for target in machines for one in shifted(work, 0, target)]


def test_what_meets_its_own_output_stays() -> None:
    tensors = {n: Tensor(n, DTYPES["s32"], (4,)) for n in "BC"} | {"A": Tensor("A", DTYPES["s8"], (4,))}
    work = write(tensors, "C[i] += s32(A[i]) * C[i]", {}, inputs=("A", "C", "B"), outputs=("C",))
    point = machine(
        instruction("point", "C[i] += s32(A[i]) * B[i]", {"i": (1, 4)}, {"A": "u8", "B": "s32", "C": "s32"})
    )
    assert list(shifted(work, 0, point)) == []
    apart = write(tensors, "C[i] += s32(A[i]) * B[i]", {})
    assert len(list(shifted(apart, 0, point))) == 1
