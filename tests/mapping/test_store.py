"""Einsums that a transfer does on the way out: what is taken, with which numbers; what is not, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.check.match import check_match
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.hardware import Target
from isamap.ir.workload import Tensor, Workload, workload
from isamap.mapping import MatchSet, choose
from isamap.mapping.store import stores
from tests.machines import bundled

SCALED = "sat_s8(round(f32(T[c,p,q]) * 0.5))"
PRODUCT = "T[c,p,q] += s32(X[p,q,k]) * s32(W[k,c])"
SHAPES = {
    "X": ("s8", (4, 5, 6)), "W": ("s8", (6, 3)), "T": ("s32", (3, 4, 5)), "U": ("s8", (3, 4, 5)),
    "H": ("s8", (4, 5, 3)), "S": ("s16", (3, 4, 5)), "G": ("s32", (3, 4, 5)), "L": ("s8", (3, 8, 5)),
    "P": ("s8", (3, 4, 4)), "Y": ("s32", (4, 5)),
}  # fmt: skip


def kernel(*statements: str, axes: dict[str, int] | None = None, **more: tuple[str, ...]) -> Workload:
    text = " ".join(statements)
    tensors = [Tensor(n, DTYPES[dtype], shape) for n, (dtype, shape) in SHAPES.items() if f"{n}[" in text]
    names = frozenset(tensor.name for tensor in tensors)
    given = {name: listed for name, listed in more.items() if listed}
    return workload("w", tensors, [parse_statement(one, names) for one in statements], axes=axes or {}, **given)  # type: ignore[arg-type]


def found(work: Workload, number: int = 1, target: Target | None = None) -> dict[str, MatchSet]:
    return {one.instruction: one for one in stores(work, number, target or bundled("gemmini"))}


@pytest.mark.parametrize(
    ("statement", "transfer", "scale"),
    [
        (f"U[c,p,q] = {SCALED}", "mvout_s8", 0.5),
        (f"U[c,p,q] = max({SCALED}, 0)", "mvout_s8_relu", 0.5),
        ("U[c,p,q] = max(0, sat_s8(round(3 * f32(T[c,p,q]))))", "mvout_s8_relu", 3),
        (f"H[p,q,c] = {SCALED}", "mvout_s8", 0.5),
        (f"H[p,q,c] = max({SCALED}, 0)", "mvout_s8_relu", 0.5),
        ("U[a,b,d] = sat_s8(round(f32(T[a,b,d]) * 0.5))", "mvout_s8", 0.5),
    ],
)
def test_what_a_store_does(statement: str, transfer: str, scale: float) -> None:
    work = kernel(PRODUCT, statement)
    sets = found(work)
    assert [name for name, one in sets.items() if one.matches] == [transfer]
    (match,) = sets[transfer].matches
    assert match.immediates == (("scale", scale),)
    assert match.operands == (("D", work.einsums[1].output.tensor, 0), ("S", "T", 1))
    assert (match.axes, match.modes, match.proved) == ((), (), True)
    assert check_match(match, work, bundled("gemmini")) == []


S8_OF_U = "L[c,p,q] = max(U[c,p,q], 0)"
REFUSED = {
    "truncates": ((PRODUCT, "U[c,p,q] = sat_s8(f32(T[c,p,q]) * 0.5)"), {}, "computes sat_s8(round("),
    "wraps": ((PRODUCT, "U[c,p,q] = s8(round(f32(T[c,p,q]) * 0.5))"), {}, "computes sat_s8(round("),
    "s16": ((PRODUCT, "S[c,p,q] = sat_s16(round(f32(T[c,p,q]) * 0.5))"), {}, "computes sat_s8(round("),
    "in f64": ((PRODUCT, "U[c,p,q] = sat_s8(round(f64(T[c,p,q]) * 0.5))"), {}, "computes sat_s8(round("),
    "two tensors": ((PRODUCT, "G[c,p,q] = T[c,p,q] + Y[p,q]"), {}, "turns one tensor into another, the kernel reads 2"),
    "an output": ((PRODUCT, f"U[c,p,q] = {SCALED}"), {"outputs": ("T", "U")}, "no T behind, which is an output"),
    "an input": ((PRODUCT, f"U[c,p,q] = {SCALED}"), {"inputs": ("X", "W", "T")}, "no T behind, which is an input"),
    "read again": (
        (PRODUCT, f"U[c,p,q] = {SCALED}", "G[c,p,q] = max(T[c,p,q], 0)"), {}, "no T behind, which einsum 2 reads too",
    ),
    "written twice": (
        (PRODUCT, f"U[c,p,q] = {SCALED}", f"U[c,p,q] = max({SCALED}, 0)"), {}, "no T behind, which einsum 2 reads too",
    ),
    "gaps": ((PRODUCT, f"L[c,2*p,q] = {SCALED}"), {}, "writes every element of L once, the kernel L[c, 2*p, q]"),
    "a part": (
        (PRODUCT, "P[c,p,j] = sat_s8(round(f32(T[c,p,j]) * 0.5))"), {"axes": {"j": 4}},
        "stores every element of T once, the kernel reads T[c, p, j]",
    ),
    "turned round": (
        (PRODUCT, "U[c,p,q] = sat_s8(round(f32(T[2-c,p,q]) * 0.5))"), {},
        "stores every element of T once, the kernel reads T[-c + 2, p, q]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_store_does(name: str) -> None:
    statements, more, said = REFUSED[name]
    sets = found(kernel(*statements, **more))  # type: ignore[arg-type]
    assert not any(one.matches for one in sets.values())
    assert said in sets["mvout_s8"].reasons[0], sets["mvout_s8"].reasons


def test_an_output_that_is_read_before_its_turn_is_not_written_early() -> None:
    shapes = {"A": ("s8", (4, 4)), "B": ("s8", (4, 4)), "T": ("s32", (4, 4))}
    names = frozenset(shapes)
    tensors = [Tensor(n, DTYPES[dtype], shape) for n, (dtype, shape) in shapes.items()]
    texts = ["T[m,n] += s32(A[m,k]) * s32(B[k,n])", "A[m,n] = sat_s8(round(f32(T[m,n]) * 0.5))"]
    work = workload("w", tensors, [parse_statement(t, names) for t in texts], inputs=("A", "B"), outputs=("A",))
    assert found(work)["mvout_s8"].reasons == ("mvout_s8 writes A early, while its old value is read",)


def halving(*, source: str = "acc") -> Target:
    """Gemmini with a store of s8 that halves, for what is on its way out already."""
    target = bundled("gemmini")
    meaning = parse_statement("D[i,j] = S[i,j] >> imm(n)", frozenset("DS")).over({"i": (1, 99), "j": (1, 99)})
    more = replace(target.transfer("mvout_s8"), name="halve", meaning=meaning, source_memory=source)
    return replace(target, transfers=(*target.transfers, more))


def test_what_a_store_makes_no_other_store_takes() -> None:
    work = kernel(PRODUCT, f"U[c,p,q] = {SCALED}", "L[c,p,q] = U[c,p,q] >> 1", axes={"p": 4})
    work = replace(work, tensors=tuple(replace(t, shape=(3, 4, 5)) if t.name == "L" else t for t in work.tensors))
    assert found(work, 1, halving())["mvout_s8"].matches
    assert "U is made on the way out itself" in found(work, 2, halving())["halve"].reasons[0]


def test_the_type_that_arrives_is_the_tensors() -> None:
    (match,) = found(kernel(PRODUCT, "G[c,p,q] = T[c,p,q] >> 3"), 1, halving())["halve"].matches
    assert match.immediates == (("n", 3),)


def test_a_store_from_elsewhere_is_not_taken_where_it_cannot_be() -> None:
    """The only store that halves begins in the scratchpad; sums are complete in the accumulator."""
    work = kernel(PRODUCT, "G[c,p,q] = T[c,p,q] >> 3")
    chosen = choose(work, halving())[1]
    assert [match.instruction for match in chosen[1]] == ["halve"]
    shift = replace(
        bundled("gemmini").instruction("flush"), name="shift",
        meaning=(parse_statement("D[i,j] = C[i,j] >> imm(n)", frozenset("CD")).over({"i": (1, 16), "j": (1, 16)}),),
    )  # fmt: skip
    target = halving(source="spad")
    both = replace(target, instructions=(*target.instructions, shift))
    assert {match.instruction for match in choose(work, both)[1][1]} == {"shift"}
