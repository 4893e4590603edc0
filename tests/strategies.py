"""Hypothesis strategies for the nouns: one place, used by the tests of every room."""

from __future__ import annotations

from array import array

from hypothesis import strategies as st

from isamap.ir.affine import Affine, Quotient, Remainder
from isamap.ir.dtype import DTYPES, DType
from isamap.ir.einsum import Axis, Einsum, Statement
from isamap.ir.expression import OPERATORS, Call, Expression, Name, Number, Subscript
from isamap.ir.hardware import Instruction, Memory, Operand, Queue, Resource, Target, Transfer, Use
from isamap.ir.implementation import Implementation
from isamap.ir.program import Issue, Loop, Node, Operation, Program, Segment, View, Wait
from isamap.ir.scalar import FUNCTIONS, Access, Apply, Cast, Immediate, Index, Literal, Read, Scalar
from isamap.ir.target_machine import TargetMachine
from isamap.ir.workload import Tensor, Workload

AXES = ("i", "j", "k", "n", "p_1")
TENSORS = ("A", "B", "in_", "W2")

dtypes: st.SearchStrategy[DType] = st.sampled_from(sorted(DTYPES.values(), key=str))
axis_names = st.sampled_from(AXES)
integers = st.integers(-40, 40)
numbers = st.one_of(integers, st.floats(allow_nan=False))
texts = st.one_of(
    st.sampled_from(["", "x", "two words", 'a "quote"\n', "JESD79-4 §3", "None", "inf"]), st.text(max_size=8)
)


def affines(names: tuple[str, ...] = AXES, depth: int = 2) -> st.SearchStrategy[Affine]:
    """Affine indices, with ``//`` and ``%`` nested up to ``depth`` times."""
    atoms: st.SearchStrategy[str | Quotient | Remainder] = st.sampled_from(names)
    if depth:
        inner = affines(names, depth - 1).filter(lambda index: bool(index.terms))
        divided = st.builds(
            lambda kind, i, d: kind(i, d), st.sampled_from([Quotient, Remainder]), inner, st.integers(1, 9)
        )
        atoms = st.one_of(atoms, divided)
    terms = st.lists(st.tuples(atoms, st.integers(-5, 5)), max_size=3)
    return st.builds(Affine.of, terms, st.integers(-20, 20))


def _grown(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(lambda f, a, b: Call(f, (a, b)), st.sampled_from(sorted(OPERATORS)), parts, parts),
        st.builds(lambda a: Call("neg", (a,)), parts),
        st.builds(lambda f, a: Call(f, tuple(a)), st.sampled_from(["max", "ceil", "f"]), st.lists(parts, max_size=3)),
        st.builds(lambda b, i: Subscript(b, tuple(i)), st.sampled_from(TENSORS), st.lists(parts, max_size=2)),
    )


expressions: st.SearchStrategy[Expression] = st.recursive(
    st.one_of(st.builds(Number, numbers), st.builds(Name, axis_names)), _grown, max_leaves=8
)


def costs(names: tuple[str, ...]) -> st.SearchStrategy[Expression]:
    """Expressions of ``names``, as in machine files."""
    leaves = st.one_of(
        st.builds(Number, st.integers(0, 99)), st.builds(Name, st.sampled_from(names)) if names else st.nothing()
    )
    grown = st.sampled_from(["+", "*", "max", "-"])
    return st.recursive(leaves, lambda p: st.builds(lambda f, a, b: Call(f, (a, b)), grown, p, p), max_leaves=4)


@st.composite
def accesses(draw: st.DrawFn, gathers: bool = True) -> Access:
    index = affines()
    if gathers:
        index = st.one_of(index, accesses(gathers=False))  # type: ignore[assignment]
    return Access(draw(st.sampled_from(TENSORS)), tuple(draw(st.lists(index, max_size=3))))


def _applied(parts: st.SearchStrategy[Scalar]) -> st.SearchStrategy[Scalar]:
    def call(function: str, arguments: list[Scalar]) -> Scalar:
        return Apply(function, tuple(arguments[: FUNCTIONS[function]]))

    return st.one_of(
        st.builds(Cast, dtypes, parts, st.booleans()),
        st.builds(call, st.sampled_from(sorted(FUNCTIONS)), st.lists(parts, min_size=3, max_size=3)),
    )


scalars: st.SearchStrategy[Scalar] = st.recursive(
    st.one_of(
        st.builds(Literal, numbers),
        st.builds(Read, accesses()),
        st.builds(Index, affines()),
        st.builds(Immediate, st.sampled_from(["scale", "shift_2"])),
    ),
    _applied,
    max_leaves=6,
)


@st.composite
def einsums(draw: st.DrawFn) -> Einsum:
    """Any einsum that can be built, types aside."""
    operator = draw(st.sampled_from(["+=", "*=", "max=", "min=", "argmax="]))
    outputs = tuple(draw(accesses(gathers=False)) for _ in range(2 if operator == "argmax=" else 1))
    statement = Statement(outputs, operator, draw(scalars))
    ranges = {}
    for name in statement.axis_names:
        least = draw(st.integers(1, 9))
        ranges[name] = (least, least + draw(st.sampled_from([0, 0, 100])))
    return statement.over(ranges)


@st.composite
def tensors(draw: st.DrawFn, name: str) -> Tensor:
    dtype = draw(dtypes)
    shape = tuple(draw(st.lists(st.integers(1, 70), max_size=4)))
    border = draw(st.one_of(st.none(), numbers.map(dtype.wrap)))
    strides = draw(st.one_of(st.none(), st.tuples(*(st.integers(-9, 99) for _ in shape))))
    most = 1 if dtype.kind == "bool" else min(dtype.most, 99)
    ends = st.integers(int(max(dtype.least, -99)), int(most))
    value_range = draw(st.one_of(st.none(), st.tuples(ends, ends).map(lambda pair: (min(pair), max(pair)))))
    return Tensor(name, dtype, shape, border, strides, None, value_range)


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    """Chains of well-typed einsums over small tensors."""
    dtype = draw(dtypes.filter(lambda dtype: dtype.name != "bool"))
    extents = {axis: draw(st.integers(1, 7)) for axis in AXES}
    axes = tuple(draw(st.lists(axis_names, min_size=1, max_size=3, unique=True)))
    found = [Tensor("X0", draw(dtypes), tuple(extents[axis] for axis in axes), draw(st.sampled_from([None, 0, 1])))]
    done: list[Einsum] = []
    for n in range(draw(st.integers(1, 3))):
        source = found[-1]
        kept = tuple(draw(st.lists(st.sampled_from(axes), max_size=len(axes), unique=True))) if axes else ()
        value: Scalar = Cast(dtype, Read(Access(source.name, tuple(map(_index, axes)))), draw(st.booleans()))
        if draw(st.booleans()):
            value = Apply(draw(st.sampled_from(["+", "*", "max"])), (value, Literal(draw(integers))))
        operator = "=" if set(kept) == set(axes) else draw(st.sampled_from(["+=", "max=", "*="]))
        statement = Statement((Access(f"X{n + 1}", tuple(map(_index, kept))),), operator, value)
        done.append(statement.over({axis: (extents[axis], extents[axis]) for axis in axes}))
        found.append(Tensor(f"X{n + 1}", dtype, tuple(extents[axis] for axis in kept)))
        axes = kept
    view = Tensor("V", dtype, (), alias_of=("X1", draw(st.integers(0, 3))))
    found += [view] if draw(st.booleans()) else []
    return Workload(draw(texts), tuple(found), tuple(done), ("X0",), (found[len(done)].name,))


def _index(axis: str) -> Affine:
    return Affine(((axis, 1),))


STRIDES = st.sampled_from(["per_kernel_axis", "one_per_axis", "unit_innermost", "contiguous", "any"])


@st.composite
def instructions(draw: st.DrawFn, name: str) -> Instruction:
    """C[i, j] += A[k, i] * B[k, j] with every kind of detail around it."""
    axes = tuple(Axis(axis, 1, draw(st.sampled_from([1, 16, 4096]))) for axis in ("i", "j", "k"))
    dtype = draw(dtypes)
    indices = {"A": ("k", "i"), "B": ("k", "j"), "C": ("i", "j")}
    item = {operand: Access(operand, tuple(map(_index, names))) for operand, names in indices.items()}
    product = Apply("*", (Read(item["A"]), draw(st.sampled_from([Read(item["B"]), Immediate("scale")]))))
    meaning = Einsum((item["C"],), "+=", Apply("*", (product, Read(item["B"]))), axes)
    rule = st.one_of(STRIDES, st.tuples(st.integers(1, 64), st.just(1)))
    orders = st.lists(st.tuples(st.just("flow"), st.sampled_from(["ws", "os"]), st.just(("j", "i"))), max_size=2)
    layout = st.one_of(st.none(), st.tuples(affines(), affines()))
    operands = tuple(
        Operand(o, dtype, names, "spad", draw(rule), tuple(draw(orders)) if o == "C" else (), draw(layout))
        for o, names in indices.items()
    )
    copy = Einsum((item["C"],), "=", Read(Access("T", item["C"].indices)), axes[:2])
    done = Implementation((("T", DTYPES["s64"], (draw(st.integers(1, 99)), 16)),), (copy, meaning))
    cost = costs(("i", "j", "k", "initialise"))
    modes = (("flow", ("ws", "os")), ("a b", ("x",)))
    return Instruction(
        name, "array", axes, operands, (meaning,), draw(cost), draw(cost), draw(cost),
        draw(st.sampled_from(["optional", "never", "always"])), draw(st.sampled_from([(), (Use("spad.read"),)])),
        draw(st.sampled_from([(), (("C", Name("k")),)])), draw(st.one_of(st.none(), cost)),
        draw(st.sampled_from([(), modes])), draw(st.sampled_from([(), ((("flow", "ws"),),)])),
        draw(st.sampled_from([(), ("m0", "m1")])), draw(st.one_of(st.none(), texts)), draw(texts),
        draw(st.sampled_from([None, done])), draw(st.sampled_from([(), (("A", (0, 127)), ("B", (-0.5, 1)))])),
    )  # fmt: skip


@st.composite
def targets(draw: st.DrawFn) -> Target:
    positive = st.integers(1, 1 << 40)
    energy = st.one_of(st.none(), st.floats(0, 100))
    spad = Memory(
        "spad", draw(positive), "explicit", 2, draw(st.integers(1, 4)), 1, draw(energy), draw(energy), draw(texts)
    )
    l1 = Memory("l1", 1 << 15, "cache", ways=draw(st.sampled_from([None, 8])), line_bytes=64,
                latency_cycles=draw(st.one_of(st.none(), st.integers(1, 999))))  # fmt: skip
    cost = costs(("bytes", "border_bytes", "rows"))
    value = Cast(draw(dtypes), Apply("*", (Read(Access("S", (_index("i"),))), Immediate("scale"))))
    copy = Einsum((Access("D", (_index("i"),)),), "=", value, (Axis("i", 1, 9),))
    load = Transfer(
        "load", "dram", "spad", "dma", draw(st.sampled_from([(), (Use("bus"), Use("spad.read", 8))])), draw(cost),
        draw(cost), draw(st.integers(1, 5)), draw(st.sampled_from([None, (16,), (4, 4)])), draw(STRIDES), draw(STRIDES),
        draw(st.one_of(st.none(), cost)), draw(st.sampled_from([None, copy])), draw(st.integers(1, 4)), draw(texts),
    )  # fmt: skip
    parameter = st.tuples(st.sampled_from(["spad_kib", "rows"]), numbers)
    return Target(
        draw(texts), (Memory("dram", draw(positive)), spad, l1),
        (Resource("spad.read", draw(positive)),), (Resource("bus", 16),), (Queue("dma", draw(st.integers(1, 3))),),
        (load,), (Queue("array"),), tuple(draw(instructions(f"mac{n}")) for n in range(draw(st.integers(0, 2)))),
        draw(st.sampled_from(["queued", "static"])), draw(st.one_of(st.none(), positive)),
        tuple(draw(st.lists(parameter, max_size=2))), draw(texts),
        draw(st.sampled_from([None, TargetMachine("x86_64-pc-none"), TargetMachine("a-b", ("avx512.f", "fma"))])),
    )  # fmt: skip


_PROGRAM_TENSORS = (Tensor("A", DTYPES["s16"], (64, 16)), Tensor("x", DTYPES["f32"], ()))


@st.composite
def views(draw: st.DrawFn, operand: str, factors: tuple[int, ...]) -> View:
    """``factors``: how many each axis has."""
    tensor = draw(st.sampled_from([None, "A"]))
    step = st.tuples(*[st.integers(-64, 4096)] * (2 if tensor else 1))
    steps = tuple(tuple(draw(step) for _ in range(count)) if draw(st.booleans()) else () for count in factors)
    border = draw(st.one_of(st.none(), numbers)) if tensor else None
    return View(operand, draw(st.sampled_from(["spad", "l1.0"])), draw(dtypes), steps, tensor, border)


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    extents = tuple(
        (axis, tuple(draw(st.lists(st.integers(1, 64), max_size=3))))
        for axis in draw(st.lists(axis_names, max_size=3, unique=True))
    )
    factors = tuple(len(per_axis) for _, per_axis in extents)
    operands = draw(
        st.sampled_from([("source", "destination"), ("A", "B", "C"), ("destination",), ("source", "x"), ()])
    )
    found = tuple(draw(views(operand, factors)) for operand in operands)
    mode = draw(st.sampled_from(["", "initialise", "accumulate"]))
    modes = draw(st.sampled_from([(), (("flow", "ws"), ("a b", "c"))]))
    brought = draw(st.sampled_from([(), (("scale", 0.0078125),), (("a b", -3), ("x2", 1e-9))]))
    return Operation(draw(st.sampled_from(["mac", "load", "tcgen05.mma"])), extents, found, mode, modes, tuple(brought))


def _program_issues(label: str) -> st.SearchStrategy[Issue]:
    def build(operation: Operation, start: Expression | None, cost: Expression) -> Issue:
        origins = tuple((cost, cost) if view.tensor else (cost,) for view in operation.views)
        return Issue(label, operation, origins, (), start)

    return st.builds(build, operations(), st.one_of(st.none(), costs(("t",))), costs(("t", "u")))


@st.composite
def segments(draw: st.DrawFn, numbered_from: int = 0) -> Segment:
    table = tuple(draw(st.lists(operations(), min_size=1, max_size=3)))
    which = draw(st.lists(st.integers(0, len(table) - 1), max_size=6))
    origins = [draw(st.integers(-(1 << 40), 1 << 40)) for n in which for _ in range(sum(table[n].origin_counts))]
    waits = [draw(st.lists(st.integers(0, numbered_from + n), max_size=2)) for n in range(len(which))]
    flat = [on for per_issue in waits for on in per_issue]
    return Segment(
        table, array("i", which), array("q", origins), array("i", map(len, waits)), array("q", flat),
        array("b", [draw(st.integers(0, 1)) for _ in flat]),
        array("q", [draw(st.integers(-5, 1 << 50)) for _ in which] if draw(st.booleans()) else []),
    )  # fmt: skip


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Loops, issues with waits, and segments; not meant to run anywhere."""
    labels = draw(st.lists(st.sampled_from(["a", "b", "c", "d 1", "after"]), unique=True, max_size=4))
    waits = [Wait(label, draw(st.sampled_from(["result", "operands"]))) for label in labels]  # type: ignore[arg-type]
    issues = []
    for label in labels:
        plain = draw(_program_issues(label))
        chosen = tuple(draw(st.lists(st.sampled_from(waits), max_size=2)))
        issues.append(Issue(label, plain.operation, plain.origins, chosen, plain.start))
    body: list[Node] = [*issues[:1], *draw(st.lists(segments(), max_size=2)), *issues[3:]]
    if issues[1:3]:
        iteration = (draw(costs(("t", "u"))), Name("u"))
        again = Wait(labels[1], "operands", iteration)
        inner = [Issue(i.label, i.operation, i.origins, (*i.waits, again), i.start) for i in issues[1:3]]
        body.append(Loop("t", draw(st.integers(0, 99)), (Loop("u", 3, tuple(inner)), Loop("v", 1, ()))))
    data = draw(st.one_of(st.none(), st.binary(min_size=2048, max_size=2048)))
    constants = (("A", data),) if data else (("x", b"\0\1\2\xff"),)
    return Program(draw(texts), "p16", _PROGRAM_TENSORS, ("A",), ("x",), tuple(body), constants)
