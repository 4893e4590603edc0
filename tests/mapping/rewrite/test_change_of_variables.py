"""Banded and diagonal operands: the same numbers, proved, and found where an instruction needs them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from isamap.ir.affine import Affine
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.workload import Tensor, Workload, workload
from isamap.mapping import composites, map_einsum
from isamap.mapping.rewrite import Rewritten
from isamap.mapping.rewrite.banded import banded
from isamap.mapping.rewrite.change import Change, changed, equal
from isamap.mapping.rewrite.diagonal import diagonal
from isamap.simulate import evaluate, random_inputs, same_meaning
from isamap.simulate.element_types import Array
from tests.mapping.instructions import MAC, VMAC, kernel, machine

P16 = machine(MAC, VMAC)


def depthwise(p: int, q: int, r: int, s: int, step: int = 1, dilation: int = 1, pad: int = 0) -> Workload:
    rows, columns = step * (p - 1) + dilation * (r - 1) + 1, step * (q - 1) + dilation * (s - 1) + 1
    tensors = [
        Tensor("I", DTYPES["s16"], (3, rows - 2 * pad, columns - 2 * pad), border=0 if pad else None),
        Tensor("W", DTYPES["s16"], (3, r, s)),
        Tensor("O", DTYPES["s16"], (3, p, q)),
    ]
    shift = f" - {pad}" if pad else ""
    text = f"O[c,p,q] += I[c,{step}*p+{dilation}*r{shift},{step}*q+{dilation}*s{shift}] * W[c,r,s]"
    return workload("depthwise", tensors, [parse_statement(text, frozenset("IWO"))])


def means_the_same(one: Rewritten, asked: Workload, seed: int = 0) -> None:
    inputs: Mapping[str, Array] = random_inputs(one.workload, seed)
    assert same_meaning(asked, one.workload, inputs, evaluate(one.workload, inputs)) == ()


@pytest.mark.parametrize(
    ("step", "dilation", "pad"), [(1, 1, 0), (2, 1, 1), (1, 2, 0), (2, 3, 0), (3, 2, 1), (2, 2, 2)]
)
def test_every_block_size_gives_the_same_numbers(step: int, dilation: int, pad: int) -> None:
    work = depthwise(12, 18, 3, 2, step, dilation, pad)
    found = list(banded(work, 0, P16))
    assert len(found) >= 4
    for one in found:
        assert one.proved, one.because
        means_the_same(one, work)


def test_random_sums_of_products() -> None:
    rng, met = random.Random(7), 0
    for _ in range(60):
        a, b = rng.randint(1, 3), rng.randint(1, 3)
        sizes = {"c": rng.randint(1, 4), "p": rng.choice((4, 6, 8)), "r": rng.randint(1, 4), "k": rng.randint(1, 3)}
        filter_index = rng.choice(("r", f"{sizes['r'] - 1}-r"))
        value = f"I[c,{a}*p+{b}*r] * W[{filter_index},k{rng.choice((',c', ''))}]"
        work = kernel("random", f"O[c,k,p] += {value}", "s16", **sizes)
        for rule in (banded, diagonal):
            for one in rule(work, 0, P16):
                met += 1
                assert one.proved, (work.einsums[0].statement, one.because)
                means_the_same(one, work)
    assert met >= 60


def test_the_filter_in_a_block() -> None:
    """4x4 outputs read 6x6 elements: 36 of 256 lanes' products stand for 9."""
    (best, *_) = composites(depthwise(16, 16, 3, 3), 0, machine(MAC))
    assert best.steps[0].rule == "banded"
    assert "4x4" in best.because
    assert dict(best.best[0].axes)["j"] == ("p_lane", "q_lane")
    assert best.cycles == 3 * 36
    assert best.utilisation == pytest.approx(9 / 36)
    assert best.proved


def test_diagonal_channels() -> None:
    work = kernel("scale", "O[c,p] += I[c,p,k] * W[c,k]", "s16", c=32, p=20, k=3)
    (one,) = diagonal(work, 0, P16)
    assert one.proved
    assert one.workload.tensor("W").shape == (32, 3, 1)
    assert one.workload.tensor("W").border == 0
    means_the_same(one, work)
    (match,) = [m for m in map_einsum(one.workload, 0, MAC).matches if dict(m.axes)["k"] == ("c_in", "k")]
    assert dict(match.axes)["j"] == ("c_out",) or dict(match.axes)["i"] == ("c_out",)


def test_other_readers_of_a_deeper_tensor_still_read_it() -> None:
    tensors = [Tensor(n, DTYPES["s16"], shape) for n, shape in (("I", (4, 8)), ("W", (4,)), ("O", (4, 8)), ("S", (4,)))]
    statements = [
        parse_statement(text, frozenset("IWOS")) for text in ("S[c] += W[c] * W[c]", "O[c,p] += I[c,p] * W[c]")
    ]
    work = workload("two", tensors, statements)
    found = [one for one in diagonal(work, 1, P16) if one.workload.tensor("W").shape == (4, 1)]
    assert found
    for one in found:
        means_the_same(one, work)


@pytest.mark.parametrize(
    "text",
    [
        "O[c,p] += I[c,p+r] + W[c,r]",  # no product: where W is 0, the value is not
        "O[c,p] += I[c,p+r] * (W[c,r] + W[c,r])",  # either read alone may be outside
        "O[c,p] max= I[c,p+r] * W[c,r]",
        "O[c,p] += I[c,p,r] * W[c,r]",  # no window
        "O[c,p] += I[c,p] * W[c,r] * I[c,p+r]",  # p by itself too
    ],
)
def test_what_is_no_window_stays(text: str) -> None:
    work = kernel("other", text, "s16", c=2, p=8, r=3)
    assert list(banded(work, 0, P16)) == []


def test_a_border_that_is_not_zero_is_no_mask() -> None:
    work = depthwise(8, 8, 3, 3)
    tensors = tuple(replace(t, border=1) if t.name == "W" else t for t in work.tensors)
    assert list(banded(replace(work, tensors=tensors), 0, P16)) == []
    assert list(diagonal(replace(work, tensors=tensors), 0, P16)) == []


def test_a_filter_that_goes_on_is_no_mask() -> None:
    """Three of five taps are used: beyond them W holds numbers, not its border."""
    tensors = [Tensor(n, DTYPES["s16"], shape) for n, shape in (("I", (2, 10)), ("W", (2, 5)), ("O", (2, 8)))]
    statement = parse_statement("O[c,p] += I[c,p+r] * W[c,r]", frozenset("IWO"))
    work = workload("part", tensors, [statement], axes={"r": 3})
    assert list(banded(work, 0, P16)) == []


def spoilt_changes() -> list[tuple[str, Change]]:
    one = lambda name, c=1: Affine(((name, c),))  # noqa: E731
    right = next(iter(banded(depthwise(8, 4, 3, 1), 0, P16)))
    assert right.proved
    from isamap.ir.affine import Quotient, Remainder

    p, r = one("p"), one("r")
    forward = {"b": Affine(((Quotient(p, 4), 1),)), "a": Affine(((Remainder(p, 4), 1),))}
    forward["u"] = forward["a"] + r
    backward = {"p": one("b", 4) + one("a"), "r": one("u") - one("a")}
    extents = {"b": 2, "a": 4, "u": 6}

    def change(**other: Mapping[str, object]) -> Change:
        parts = {"forward": forward, "backward": backward, "extents": extents}
        merged = {name: {**part, **other.get(name, {})} for name, part in parts.items()}
        return Change(*(tuple(merged[name].items()) for name in parts))  # type: ignore[arg-type]

    return [
        ("right", change()),
        ("a block is lost", change(extents={"b": 1})),
        ("a tap is lost", change(extents={"u": 5})),
        ("a block too many", change(extents={"b": 3})),
        ("blocks overlap", change(backward={"p": one("b", 3) + one("a")})),
        ("the filter is upside down", change(backward={"r": one("u") - one("a") + 1})),
        ("another window", change(backward={"r": one("a") - one("u") + 2})),
    ]


@pytest.mark.parametrize(
    ("name", "change"), spoilt_changes(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_wrong_change_is_not_proved(name: str, change: Change) -> None:
    work = depthwise(8, 4, 3, 1)
    tensors = {t.name: replace(t, border=0) if t.name == "W" else t for t in work.tensors}
    after = changed(work.einsums[0], change, {})
    assert equal(work.einsums[0], after, change, 2, tensors) == (name == "right")
    assert not equal(work.einsums[0], after, change, 1, tensors)  # I is no mask: it is inside everywhere


def test_nothing_but_sums_of_products_is_proved() -> None:
    work = kernel("sum", "O[p] += I[p+r] + W[r]", "s16", p=8, r=3)
    change = Change((), (), ())
    tensors = {t.name: replace(t, border=0) for t in work.tensors}
    assert not equal(work.einsums[0], work.einsums[0], change, 2, tensors)


def test_same_meaning_notices() -> None:
    work = depthwise(4, 4, 3, 3)
    other = replace(work, einsums=(parse_other(work),))
    inputs = random_inputs(work, 0)
    (found,) = same_meaning(work, other, inputs, evaluate(other, inputs))
    assert found.rule == "other-meaning"
    renamed = replace(
        work,
        tensors=tuple(replace(t, name="X") if t.name == "I" else t for t in work.tensors),
        einsums=(replace(work.einsums[0], value=parse_renamed(work)),),
        inputs=("X", "W"),
    )
    inputs = random_inputs(renamed, 0)
    (found,) = same_meaning(work, renamed, inputs, evaluate(renamed, inputs))
    assert (found.rule, found.where) == ("other-meaning", "I")


def parse_other(work: Workload) -> object:
    text = "O[c,p,q] += I[c,p+r,q+s] * W[c,2-r,s]"
    return parse_statement(text, frozenset("IWO")).over({x: (e, e) for x, e in work.einsums[0].extents.items()})


def parse_renamed(work: Workload) -> object:
    text = "O[c,p,q] += X[c,p+r,q+s] * W[c,r,s]"
    extents = {x: (e, e) for x, e in work.einsums[0].extents.items()}
    return parse_statement(text, frozenset("XWO")).over(extents).value


def test_extreme_numbers() -> None:
    work = depthwise(8, 8, 3, 3)
    for one in banded(work, 0, P16):
        for value in (-(2**15), 2**15 - 1):
            inputs = {name: np.full(one.workload.tensor(name).shape, value, np.int16) for name in one.workload.inputs}
            assert same_meaning(work, one.workload, inputs, evaluate(one.workload, inputs)) == ()
