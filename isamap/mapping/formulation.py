"""Every way to do an einsum with an instruction, as rules for Z3.

Sets
    X    axes of the kernel's einsum               D    axes of the instruction's meaning
    A    accesses of the kernel (0: the output)    O    accesses of the instruction (0: the output)
    W    orientations: maps w of O onto A that lay the kernel's expression on the instruction's (modulo the order of
         the arguments of commutative functions, casts aside)
Givens
    X(a), D(o)    the axes that an access depends on; an axis is parallel iff the output depends on it
    the types, extents and strides of tensors and operands
Variables
    tau[w]     Bool: operands hold tensors as in orientation w
    m[x,d]     Bool: kernel axis x feeds instruction axis d (several x may fuse into one d)
Rules
    orientation    exactly one tau[w]
    once           x feeds at most one d; a kernel axis that feeds none stays a loop outside
    kinds          m[x,d] only if x and d are both parallel or both reduced
    dependence     tau[w] and m[x,d]: for all o, x in X(w(o)) iff d in D(o); replicate: x in X(w(o)) implies d in D(o)
                   where o is a read
    types          tau[w] only if operands and tensors agree in type and the expressions in their casts
    ranges         tau[w] only if tensors hold values for which the instruction is exact (see ``lemma.rule``)
    fed            every d is fed by some x; empty_axes: or stays at its least extent. Where the kernel assigns (=) and
                   the instruction starts its reduction afresh, summed d stay at their least extent too
    something      some m[x,d] holds
    windowed       an operand that the instruction reads at p + r holds an access only where lanes that share an element
                   want the same one; each axis of p + r takes one x (see ``windowed``)
    strides        an instruction that only copies, from or to where a tensor lies, finds it at strides that it takes:
                   no packed copy can help a load (see ``in_place``)
    window         realise direct, view: no access meets one element twice while the axes that are fed run, lanes that
                   share it aside, and strides describe it (see ``windows``) and the operand (its ``layout``)
    nest           realise direct: the axes fused into d have an order that nests in every access (``realisation``)
Answers
    all assignments of (tau, m)
With ``view`` the windows of conv2d forbid {p, r} and {q, s} together. Of its 7 x 7 matches on a matrix product, i from
{n,p,q} and k from {c,r,s}, that leaves 2 * 2 * 3 * 3 choices (n or not, c or not, one or none of p and r, of q and s)
less 8 with i empty, less 8 with k empty, and 1 that was counted twice: 21. Conv1d has 2 * 2 * 3 - 4 - 4 + 1 = 5 of 9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import z3

from isamap.ir.workload import is_copy
from isamap.mapping.givens import Freedom, Givens
from isamap.mapping.in_place import misplaced, named
from isamap.mapping.lemma.rule import out_of_range
from isamap.mapping.realisation import fused_sets, nested_order
from isamap.mapping.windowed import clashes, foreign_places
from isamap.mapping.windows import windows


@dataclass(frozen=True)
class Label:
    """A clause of a rule: the rule's name and what it is about (axes, an access)."""

    rule: str
    about: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.rule, *self.about))


@dataclass(frozen=True)
class Variables:
    """tau by orientation, m by (kernel axis, instruction axis)."""

    context: z3.Context
    tau: list[z3.BoolRef]
    m: dict[tuple[str, str], z3.BoolRef]


Clauses = Iterator[tuple[Label, z3.BoolRef]]


def variables(g: Givens) -> Variables:
    """Fresh ones, in a context of their own."""
    context = z3.Context()
    tau = [z3.Bool(f"tau {w}", context) for w in range(len(g.orientations))]
    pairs = [(x, axis.name) for x in g.extents for axis in g.axes]
    return Variables(context, tau, {pair: z3.Bool("m " + " ".join(pair), context) for pair in pairs})


def rules(g: Givens, freedom: Freedom, v: Variables) -> Clauses:
    """Every clause of every rule that applies."""
    for rule in RULES:
        yield from rule(g, freedom, v)


def orientation(g: Givens, freedom: Freedom, v: Variables) -> Clauses:
    yield Label("orientation"), z3.PbEq([(tau, 1) for tau in v.tau], 1, v.context)


def once(g: Givens, freedom: Freedom, v: Variables) -> Clauses:
    for x in g.extents:
        feeds = [v.m[x, d.name] for d in g.axes]
        if feeds:
            yield Label("once", (x,)), z3.AtMost(*feeds, 1)


def kinds(g: Givens, freedom: Freedom, v: Variables) -> Clauses:
    for (x, d), m in v.m.items():
        if not g.same_kind(x, d):
            yield Label("kinds", (x, d)), z3.Not(m)


def dependence(g: Givens, freedom: Freedom, v: Variables) -> Clauses:
    for (x, d), m in v.m.items():
        for w, tau in enumerate(v.tau):
            if not g.fits(w, x, d, freedom.replicate):
                yield Label("dependence", (x, d, str(w))), z3.Not(z3.And(tau, m))


def types(g: Givens, freedom: Freedom, v: Variables) -> Clauses:
    for w, tau in enumerate(v.tau):
        if not g.agree[w]:
            yield Label("types", (str(w),)), z3.Not(tau)


def ranges(g: Givens, freedom: Freedom, v: Variables) -> Clauses:
    for w, tau in enumerate(v.tau):
        if g.agree[w] and out_of_range(g, w):
            yield Label("ranges", (str(w),)), z3.Not(tau)


def fed(g: Givens, freedom: Freedom, v: Variables) -> Clauses:
    for d in () if freedom.empty_axes else g.needed:
        yield Label("fed", (d.name,)), _some(v, [m for (_, fed), m in v.m.items() if fed == d.name])


def something(g: Givens, freedom: Freedom, v: Variables) -> Clauses:
    if g.axes:
        yield Label("something"), _some(v, list(v.m.values()))


def windowed(g: Givens, freedom: Freedom, v: Variables) -> Clauses:
    for n, window in ((n, window) for n, found in enumerate(g.windows) for window in found):
        operand = g.operands[n].name
        for d in window.axes:
            feeds = [v.m[x, d] for x in g.extents]
            yield Label("windowed", (operand, d)), z3.AtMost(*feeds, 1) if feeds else z3.BoolVal(True, v.context)
        for w, tau in enumerate(v.tau):
            for placed in clashes(g, w, n, window, freedom.replicate):
                pairs = tuple(name for pair in placed for name in pair)
                fed = [v.m[x, d] for d, x in placed]
                yield Label("windowed", (operand, str(w), *pairs)), z3.Not(z3.And(tau, *fed))


def strides(g: Givens, freedom: Freedom, v: Variables) -> Clauses:
    for w, tau in enumerate(v.tau):
        for n, axes in misplaced(g, w, freedom.replicate):
            exactly = [
                v.m[x, d.name] if x in fused else z3.Not(v.m[x, d.name])
                for d, fused in zip(g.axes, axes, strict=True)
                for x in g.extents
            ]
            yield Label("strides", (str(w), str(n), *named(g, axes))), z3.Not(z3.And(tau, *exactly))


def window(g: Givens, freedom: Freedom, v: Variables) -> Clauses:
    for operand in () if freedom.realise == "gather" or is_copy(g.meaning) else dict.fromkeys(g.operands):
        if operand.is_interleaved:
            yield Label("window", (operand.name,)), z3.BoolVal(False, v.context)
    for access in () if freedom.realise == "gather" else dict.fromkeys(g.kernel_accesses):
        for group in windows(access, tuple(g.extents.items())):
            label = Label("window", (str(access), *sorted(group)))
            if any(g.windows):
                foreign = [
                    z3.Not(z3.And(v.tau[w], *(v.m[x, d] for d, x in placed)))
                    for w, placed in foreign_places(g, access, group, freedom.replicate)
                ]
                yield label, z3.And([z3.BoolVal(True, v.context), *foreign])
            else:
                running = [_some(v, [v.m[x, d.name] for d in g.axes]) for x in sorted(group)]
                yield label, z3.Not(z3.And(running))


def nest(g: Givens, freedom: Freedom, v: Variables) -> Clauses:
    for d in g.axes if freedom.realise == "direct" else ():
        may = [x for x in g.extents if g.same_kind(x, d.name)]
        fitting = [x for x in may if any(g.fits(w, x, d.name, freedom.replicate) for w in range(len(v.tau)))]
        for fused in fused_sets(fitting):
            if nested_order(g, sorted(fused, key=fitting.index), d.most) is None:
                exactly = [v.m[x, d.name] if x in fused else z3.Not(v.m[x, d.name]) for x in fitting]
                yield Label("nest", (d.name, *sorted(fused))), z3.Not(z3.And(exactly))


RULES: tuple[Callable[[Givens, Freedom, Variables], Clauses], ...] = (
    orientation, once, kinds, dependence, types, ranges, fed, something, windowed, strides, window, nest,
)  # fmt: skip


def _some(v: Variables, choices: list[z3.BoolRef]) -> z3.BoolRef:
    return z3.Or(choices) if choices else z3.BoolVal(False, v.context)
