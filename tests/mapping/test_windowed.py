"""Instructions that read in windows: O[p] += I[p+r] * W[r] takes convolutions whose windows are its own."""

from __future__ import annotations

import pytest

from isamap.check.match import check_match
from isamap.errors import Unsupported
from isamap.ir.binding import bind
from isamap.mapping import map_einsum
from isamap.mapping.givens import givens
from isamap.mapping.prove import proved, prover
from tests.mapping.instructions import instruction, kernel, machine

LENGTHS = {"p": (1, 8), "r": (1, 5)}
ROW = instruction("row", "O[p] += I[p+r] * W[r]", LENGTHS, "s16")
BLOCK = instruction("block", "O[c,p] += I[c,p+r] * W[c,r]", {"c": (1, 4), **LENGTHS}, "s16")
PLANE = instruction("plane", "O[p,q] += I[p+r,q+s] * W[r,s]", dict.fromkeys("pqrs", (1, 4)), "s16")
APART = instruction("apart", "O[p] += I[2*p+r] * W[r]", LENGTHS, "s16")


@pytest.mark.parametrize(
    ("one", "statement", "count"),
    [
        (ROW, "O[k,p] += I[c,p+r] * W[k,c,r]", 1),
        (ROW, "O[k,p] += I[c,2*p+r] * W[k,c,r]", 0),
        (ROW, "O[k,p] += I[c,p+2*r] * W[k,c,r]", 0),
        (ROW, "O[k,p] += I[c,2*p+2*r] * W[k,c,r]", 1),
        (ROW, "O[k,p] += I[c,p+r+1] * W[k,c,r]", 1),
        (ROW, "O[k,p] += I[c,p+r] * W[k,c,2-r]", 1),
        (ROW, "O[k,p] += I[c,7-p+r] * W[k,c,r]", 0),  # p backwards in I, forwards in O
        (ROW, "O[k,7-p] += I[c,7-p+r] * W[k,c,r]", 1),  # one and the same
        (ROW, "O[k,p] += I[c,p,r] * W[k,c,r]", 0),
        (ROW, "O[k,p] += I[c,p+r,p+r] * W[k,c,r]", 1),
        (ROW, "O[k,p] += I[c,p+r,p] * W[k,c,r]", 0),
        (ROW, "O[k,p,q] += I[c,p+r,q+s] * W[k,c,r,s]", 2),  # rows or columns
        (ROW, "O[k,p,q] += I[c,p+r+s,q] * W[k,c,r,s]", 2),  # r or s with p
        (APART, "O[k,p] += I[c,2*p+r] * W[k,c,r]", 1),
        (APART, "O[k,p] += I[c,4*p+2*r] * W[k,c,r]", 1),
        (APART, "O[k,p] += I[c,p+r] * W[k,c,r]", 0),
        (BLOCK, "O[k,p] += I[k,p+r] * W[k,r]", 1),
        (BLOCK, "O[k,l,p] += I[k,l,p+r] * W[k,l,r]", 3),  # k, l or both fused: they share no element
        (PLANE, "O[k,p,q] += I[c,p+r,q+s] * W[k,c,r,s]", 2),  # and transposed
        (PLANE, "O[k,p,q] += I[c,p+s,q+r] * W[k,c,r,s]", 2),
        (PLANE, "O[k,p,q] += I[c,p+r,2*q+s] * W[k,c,r,s]", 0),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)  # fmt: skip
def test_counts(one: object, statement: str, count: int) -> None:
    work = kernel(
        "conv", statement, "s16", **{x: 3 if x in "rs" else 8 if x in "pq" else 4 for x in axes_of(statement)}
    )
    found = map_einsum(work, 0, one)  # type: ignore[arg-type]
    assert found.count == count
    assert bool(found.reasons) == (count == 0)
    for match in found.with_swap:
        assert match.proved
        assert check_match(match, work, machine(one)) == []  # type: ignore[arg-type]


def axes_of(statement: str) -> set[str]:
    return {letter for letter in statement if letter in "kclpqrs"}


@pytest.mark.parametrize("realise", ["gather", "view", "direct"])
def test_a_window_that_is_the_instructions_own_needs_no_copy(realise: str) -> None:
    conv = kernel("conv", "O[k,p] += I[c,p+r] * W[k,c,r]", "s16", k=2, c=2, p=8, r=3)
    (match,) = map_einsum(conv, 0, ROW, realise=realise).matches  # type: ignore[arg-type]
    assert dict(match.realisation) == {"I": "direct", "O": "direct", "W": "direct"}


def test_a_window_beyond_the_instructions_own_needs_one() -> None:
    """p + r are the instruction's, l runs over the same elements once more."""
    folded = kernel("folded", "O[p,l] += I[p+r+l] * W[r]", "s16", p=4, r=3, l=2)
    both = instruction("both", "O[p,j] += I[p+r,j] * W[r]", {"p": (1, 4), "r": (1, 3), "j": (1, 2)}, "s16")
    found = map_einsum(folded, 0, both)
    assert {dict(match.realisation)["I"] for match in found.matches} == {"gather"}
    assert map_einsum(folded, 0, both, realise="view").count == 0


def test_lanes_that_do_not_meet_may_still_need_a_copy() -> None:
    """Four lanes of p never reach the next r of p + 4*r; in the operand they lie side by side, in the tensor not."""
    far = instruction("far", "O[p] += I[p+4*r] * W[r]", {"p": (1, 8), "r": (1, 3)}, "s16")
    for statement, need in (("O[p] += I[r,p] * W[r]", "direct"), ("O[p] += I[p,r] * W[r]", "gather")):
        (match,) = map_einsum(kernel("rows", statement, "s16", p=4, r=3), 0, far).matches
        assert dict(match.realisation)["I"] == need
        assert match.proved


def test_no_proof_for_fused_axes_of_a_window() -> None:
    """The rule forbids them; the proof would not believe them either."""
    work = kernel("work", "O[p,q] += I[p+q+r] * W[r]", "s16", p=4, q=3, r=3)
    g = givens(work, 0, ROW)
    assert proved(prover(g), 0, (("p",), ("r",)))
    assert not proved(prover(g), 0, (("p", "q"), ("r",)))


def test_axes_of_one_point_count_like_others() -> None:
    """A batch of one is no row, a filter of one is not sought at p + r where longer ones are not: it stays outside."""
    for batch in (1, 2):
        work = kernel("conv", "O[n,p] += I[n,p+r] * W[r]", "s16", n=batch, p=8, r=3)
        assert [match.axes for match in map_einsum(work, 0, ROW).matches] == [(("p", ("p",)), ("r", ("r",)))]
    for length in (1, 3):
        work = kernel("one", "O[p] += I[2*p+r] * W[r]", "s16", p=8, r=length)
        assert map_einsum(work, 0, ROW).count == 0
        assert map_einsum(work, 0, ROW, empty_axes=True).count == 2


def test_what_the_machine_is_too_short_for_is_not_shared() -> None:
    short = instruction("short", "O[p] += I[p+r] * W[r]", {"p": (1, 1), "r": (1, 5)}, "s16")
    assert map_einsum(kernel("strided", "O[p] += I[2*p+r] * W[r]", "s16", p=8, r=3), 0, short).count == 1
    far = instruction("far", "O[p] += I[p+4*r] * W[r]", {"p": (1, 4), "r": (1, 3)}, "s16")  # lanes never meet
    assert map_einsum(kernel("strided", "O[p] += I[2*p+r] * W[r]", "s16", p=8, r=3), 0, far).count == 1


def test_the_reason_is_about_elements() -> None:
    strided = kernel("strided", "O[p] += I[2*p+r] * W[r]", "s16", p=8, r=3)
    found = map_einsum(strided, 0, ROW)
    (reason,) = found.reasons
    assert reason == (
        "row reads I[p + r]: lanes of equal p + r share an element, "
        "but with p in p and r in r they want different ones of I[2*p + r]"
    )
    assert map_einsum(strided, 0, ROW, empty_axes=True).count > 0  # p alone, or r alone, is right


def test_how_far_lanes_lie_apart_counts() -> None:
    """Of p + 2*r + 3*s only (1, 1, -1) meets within two lanes each: p + r + 2*s agrees there, not two lanes further."""
    for most, count in ((2, 1), (3, 0)):
        one = instruction("one", "O[p] += I[p+2*r+3*s] * W[r,s]", {"p": (1, most), "r": (1, 2), "s": (1, 2)}, "s16")
        for index in ("p+r+2*s", "(2*p+2*r+4*s)//2"):
            work = kernel("work", f"O[p] += I[{index}] * W[r,s]", "s16", p=6, r=2, s=2)
            assert map_einsum(work, 0, one).count == count


def test_an_index_without_stride() -> None:
    """p // 2 steps at every other point; (p + r) // 2 is one for equal p + r, wherever a tile begins."""
    halved = kernel("halved", "O[p] += I[p//2+r] * W[r]", "s16", p=8, r=3)
    assert map_einsum(halved, 0, ROW).count == 0
    summed = kernel("summed", "O[p] += I[(p+r)//2] * W[r]", "s16", p=8, r=3)
    (match,) = map_einsum(summed, 0, ROW).matches
    assert match.proved
    assert dict(match.realisation)["I"] == "gather"
    assert check_match(match, summed, machine(ROW)) == []
    assert map_einsum(summed, 0, ROW, realise="view").count == 0
    wrapped = kernel("wrapped", "O[p] += I[(p+2*r)%4] * W[r]", "s16", p=8, r=3)
    assert map_einsum(wrapped, 0, ROW).count == 0


def test_compiling_is_refused_by_name() -> None:
    conv = kernel("conv", "O[p] += I[p+r] * W[r]", "s16", p=8, r=3)
    (match,) = map_einsum(conv, 0, ROW).matches
    with pytest.raises(Unsupported, match="whose lanes share elements"):
        bind(conv, match, machine(ROW))
