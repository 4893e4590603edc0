"""A right match passes; spoiled in one way, the checker names the rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.check.match import check_match
from isamap.ir.answers import Match
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import Axis, parse_statement
from isamap.ir.expression import Number
from isamap.ir.hardware import Instruction, Memory, Operand, Queue, Target, Transfer
from isamap.ir.workload import Tensor, Workload, workload

S16 = DTYPES["s16"]


def instruction(name: str, meaning: str, most: int, dtype: str = "s16") -> Instruction:
    """Every axis from 1 to ``most``; operands A, B, C."""
    einsum = parse_statement(meaning, frozenset("ABC"))
    axes = dict.fromkeys(einsum.axis_names, (1, most))
    accesses = {access.tensor: access.axes for access in (*einsum.outputs, *einsum.over(axes).reads)}
    return Instruction(
        name=name,
        unit="array",
        axes=tuple(Axis(axis, *extents) for axis, extents in axes.items()),
        operands=tuple(
            Operand(n, DTYPES[dtype], own, "spad", "per_kernel_axis") for n, own in sorted(accesses.items())
        ),
        meaning=(einsum.over(axes),),
        initiation_interval_cycles=Number(1),
        occupancy_cycles=Number(1),
        latency_cycles=Number(1),
    )


TARGET = Target(
    "small",
    (Memory("dram", 1 << 20), Memory("spad", 1 << 12)),
    (),
    (),
    (Queue("dma"),),
    (
        Transfer("load", "dram", "spad", "dma", (), Number(1), dimensions=4),
        Transfer("store", "spad", "dram", "dma", (), Number(1), dimensions=4),
    ),
    (Queue("array"),),
    (
        instruction("mac", "C[i,j] += A[k,i] * B[k,j]", 16),
        instruction("bytes", "C[i,j] += A[k,i] * B[k,j]", 16, "s8"),
        instruction("peak", "C[i,j] max= A[k,i] * B[k,j]", 16),
        instruction("plus", "C[i,j] += A[k,i] + B[k,j]", 16),
        instruction("less", "C[i,j] += A[k,i] - B[k,j]", 16),
        instruction("add", "C[i,j] = A[i,j] + B[i,j]", 4),
    ),
)


def kernel(statement: str, shapes: dict[str, tuple[int, ...]], **axes: int) -> Workload:
    tensors = [Tensor(name, S16, shape) for name, shape in shapes.items()]
    return workload("kernel", tensors, [parse_statement(statement, frozenset(shapes))], axes=axes)


CONV = kernel(
    "O[k,p,q] += I[c,p+r,q+s] * W[k,c,r,s]",
    {"O": (4, 8, 20), "I": (6, 10, 22), "W": (4, 6, 3, 3)},
    p=8, q=20, r=3, s=3,
)  # fmt: skip
RIGHT = Match(
    einsum=0,
    instruction="mac",
    axes=(("i", ("p", "q")), ("j", ("k",)), ("k", ("c", "r"))),
    operands=(("A", "I", 1), ("B", "W", 2), ("C", "O", 0)),
    realisation=(("A", "view"), ("B", "view"), ("C", "view")),
    utilisation=1.0,
    proved=True,
)


def rules(match: Match, work: Workload = CONV) -> set[str]:
    return {violation.rule for violation in check_match(match, work, TARGET)}


def test_a_right_match_passes() -> None:
    assert check_match(RIGHT, CONV, TARGET) == []


SWAPPED = (("A", "W", 2), ("B", "I", 1), ("C", "O", 0))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"einsum": 1}, "einsum"),
        ({"instruction": "mmul"}, "instruction"),
        ({"axes": RIGHT.axes[:2]}, "axes"),
        ({"axes": (("i", ("p", "z")), *RIGHT.axes[1:])}, "axes"),
        ({"operands": RIGHT.operands[:2]}, "operands"),
        ({"operands": (("A", "W", 1), *RIGHT.operands[1:])}, "operands"),
        ({"operands": (("A", "O", 0), *RIGHT.operands[1:])}, "operands"),
        ({"operands": (("A", "I", 5), *RIGHT.operands[1:])}, "operands"),
        ({"realisation": RIGHT.realisation[:2]}, "operands"),
        ({"utilisation": 1.5}, "utilisation"),
        ({"utilisation": 0.0}, "utilisation"),
        ({"instruction": "bytes"}, "dtype"),
        ({"instruction": "peak"}, "operator"),
        ({"instruction": "plus"}, "expression"),
        ({"axes": (("i", ("p", "r")), ("j", ("k",)), ("k", ("c",)))}, "kinds"),
        ({"axes": (("i", ("p",)), ("j", ("k", "q")), ("k", ("c",)))}, "dependence"),
        ({"axes": (("i", ("p", "k")), ("j", ()), ("k", ("c",)))}, "dependence"),
        ({"operands": SWAPPED}, "dependence"),
        ({"axes": (("i", ("p",)), ("j", ("k", "q")), ("k", ("c",)))}, "feed"),
        ({"axes": (("i", ("p",)), ("j", ("k",)), ("k", ("c", "q")))}, "feed"),
        ({"realisation": (("A", "direct"), *RIGHT.realisation[1:])}, "realisation"),
        ({"realisation": (*RIGHT.realisation[:2], ("C", "direct"))}, "realisation"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_each_rule(change: dict[str, object], rule: str) -> None:
    assert rule in rules(replace(RIGHT, **change))  # type: ignore[arg-type]


def test_order_matters_only_where_it_does() -> None:
    """a*b is b*a, a-b is not b-a."""
    turned = replace(RIGHT, axes=(("i", ("k",)), ("j", ("p", "q")), ("k", ("c", "r"))), operands=SWAPPED)
    assert rules(turned) == set()
    less = kernel("O[k,p] += I[c,p] - W[k,c]", {"O": (4, 8), "I": (6, 8), "W": (4, 6)})
    one = replace(RIGHT, instruction="less", axes=(("i", ("p",)), ("j", ("k",)), ("k", ("c",))))
    assert rules(one, less) == set()
    other = replace(one, axes=(("i", ("k",)), ("j", ("p",)), ("k", ("c",))), operands=SWAPPED)
    assert rules(other, less) == {"expression"}


def test_direct_is_one_stride() -> None:
    """On a row of 4 the 16 lanes hold four rows that follow each other; on a row of 20 they do not."""
    for columns, right in ((4, True), (20, False)):
        shapes = {"O": (4, 8, columns), "I": (6, 8, columns), "W": (4, 6)}
        work = kernel("O[k,p,q] += I[c,p,q] * W[k,c]", shapes)
        direct = tuple((operand, "direct") for operand in "ABC")
        match = replace(RIGHT, axes=(("i", ("p", "q")), ("j", ("k",)), ("k", ("c",))), realisation=direct)
        assert (rules(match, work) == set()) == right


def test_an_index_without_stride_is_no_view() -> None:
    work = kernel("O[k,p] += I[c,p//2] * W[k,c]", {"O": (4, 8), "I": (6, 4), "W": (4, 6)})
    view = replace(RIGHT, axes=(("i", ("p",)), ("j", ("k",)), ("k", ("c",))))
    assert rules(view, work) == {"realisation"}
    assert rules(replace(view, realisation=(("A", "gather"), *view.realisation[1:])), work) == set()


def test_an_input_may_be_repeated_if_it_says_so() -> None:
    work = kernel("O[p,q] = I[p,q] + W[q]", {"O": (4, 8), "I": (4, 8), "W": (8,)})
    match = replace(
        RIGHT,
        instruction="add",
        axes=(("i", ("p",)), ("j", ("q",))),
        realisation=(("A", "direct"), ("B", "broadcast"), ("C", "direct")),
    )
    assert rules(match, work) == set()
    assert rules(replace(match, realisation=(("A", "direct"), ("B", "direct"), ("C", "direct"))), work) == {
        "dependence"
    }


def test_two_lanes_may_not_write_one_element(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workload refuses such a left side itself, so that refusal is put out of the way here."""
    monkeypatch.setattr("isamap.ir.workload.injective", lambda output, extents: True)
    work = kernel("O[p//2,k] += I[c,p] * W[k,c]", {"O": (4, 4), "I": (6, 8), "W": (4, 6)})
    match = replace(
        RIGHT,
        axes=(("i", ("p",)), ("j", ("k",)), ("k", ("c",))),
        realisation=(("A", "direct"), ("B", "direct"), ("C", "gather")),
    )
    assert rules(match, work) == {"store"}


def test_every_point_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No noun can say a match that loses points, so a walk that forgets its last issue stands in for one."""
    from isamap.check import match as checker

    whole = checker.issues
    monkeypatch.setattr(checker, "issues", lambda *given: list(whole(*given))[:-1])
    assert rules(RIGHT) == {"cover"}


# --- modes and immediates -------------------------------------------------------------------------------------------

TURNED = replace(
    TARGET,
    instructions=(
        replace(
            instruction("turn", "C[i,j] += A[k,i] * B[k,j] * imm(n)", 16),
            modes=(("A", ("no", "yes")), ("B", ("no", "yes"))),
            legal_modes=((("A", "no"), ("B", "no")), (("A", "yes"), ("B", "no"))),
        ),
    ),
)
PRODUCT = kernel("C[m,n] += A[l,m] * B[l,n] * 5", {"A": (6, 4), "B": (6, 3), "C": (4, 3)})
GIVEN = Match(
    einsum=0,
    instruction="turn",
    axes=(("i", ("m",)), ("j", ("n",)), ("k", ("l",))),
    operands=(("A", "A", 1), ("B", "B", 2), ("C", "C", 0)),
    realisation=(("A", "direct"), ("B", "direct"), ("C", "direct")),
    utilisation=1.0,
    proved=True,
    modes=(("A", "no"), ("B", "no")),
    immediates=(("n", 5),),
)


@pytest.mark.parametrize("modes", [GIVEN.modes, (("A", "yes"), ("B", "no"))])
def test_legal_modes_pass(modes: tuple[tuple[str, str], ...]) -> None:
    assert check_match(replace(GIVEN, modes=modes), PRODUCT, TURNED) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"modes": ()}, "modes"),
        ({"modes": GIVEN.modes[:1]}, "modes"),
        ({"modes": (("A", "no"), ("B", "yes"))}, "modes"),
        ({"modes": (("A", "no"), ("B", "perhaps"))}, "modes"),
        ({"modes": (*GIVEN.modes, ("C", "no"))}, "modes"),
        ({"immediates": ()}, "immediates"),
        ({"immediates": (("m", 5),)}, "immediates"),
        ({"immediates": (("n", 5), ("n", 5))}, "immediates"),
        ({"immediates": (("n", 6),)}, "expression"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_modes_and_immediates_spoiled(change: dict[str, object], rule: str) -> None:
    found = {violation.rule for violation in check_match(replace(GIVEN, **change), PRODUCT, TURNED)}  # type: ignore[arg-type]
    assert found == {rule}


def test_modes_are_the_instructions_own() -> None:
    assert rules(replace(RIGHT, modes=(("A", "no"),))) == {"modes"}
    assert rules(replace(RIGHT, immediates=(("n", 1),))) == {"immediates"}
