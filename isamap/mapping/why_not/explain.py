"""Why no match exists.

The reasons come from cores: clauses of the formulation that no assignment keeps together. A core's rules are told in
sentences about the orientation that comes closest, then left out, until the rest can be kept; so independent reasons
are all found.
"""

from __future__ import annotations

from dataclasses import replace

from isamap.ir.scalar import Cast, Scalar, rebuild, without_identity_casts
from isamap.mapping.formulation import Label
from isamap.mapping.givens import Freedom, Givens
from isamap.mapping.in_place import stride_reasons
from isamap.mapping.lemma.rule import range_reasons
from isamap.mapping.orientation import pairings
from isamap.mapping.solutions import core
from isamap.mapping.windowed import windowed_reasons

# without these, mapping nothing keeps every rule
_SOFT = ("types", "ranges", "fed", "something", "windowed", "strides", "window", "nest")


def reasons(g: Givens, freedom: Freedom) -> tuple[str, ...]:
    """As sentences; none where a match exists."""
    near = nearest(g, freedom)
    found: dict[str, None] = {}
    told: frozenset[str] = frozenset()
    while labels := core(g, freedom, told):
        rules = [rule for rule in _SOFT if any(label.rule == rule for label in labels)]
        if len(rules) > 1 and all(can_feed(g, freedom, near, axis.name) for axis in g.needed):
            rules = [rule for rule in rules if rule != "fed"]  # each could be fed, were it not for the others
        for rule in rules:
            about = [label for label in labels if label.rule == rule]
            found.update(dict.fromkeys(_sentences(g, freedom, near, rule, about)))
        told |= set(rules)
    return tuple(found)


def nearest(g: Givens, freedom: Freedom) -> int:
    """The orientation with the fewest unfed axes and wrong types."""

    def faults(w: int) -> int:
        unfed = sum(not can_feed(g, freedom, w, axis.name) for axis in g.needed)
        return unfed + (not g.agree[w])

    return min(range(len(g.orientations)), key=lambda w: (faults(w), w))


def can_feed(g: Givens, freedom: Freedom, w: int, axis: str) -> list[str]:
    """The kernel axes that may feed ``axis`` in orientation ``w``."""
    return [x for x in g.extents if g.same_kind(x, axis) and g.fits(w, x, axis, freedom.replicate)]


def _sentences(g: Givens, freedom: Freedom, w: int, rule: str, labels: list[Label]) -> list[str]:
    match rule:
        case "types":
            return _type_reasons(g, w)
        case "ranges":
            return range_reasons(g, w) if g.agree[w] else []
        case "fed":
            return _fed_reasons(g, freedom, w, [label.about[0] for label in labels])
        case "something":
            return _homeless(g, freedom, w) or [f"no axis of the kernel can feed any axis of {g.instruction.name}"]
        case "windowed":
            return windowed_reasons(g, w, [label.about for label in labels])
        case "strides":
            return stride_reasons(g, w, [label.about for label in labels])
        case "window":
            return [_window_reason(g, label) for label in labels]
    return [f"{', '.join(fused)} fused into {d} need more than one stride" for d, *fused in (x.about for x in labels)]


def _type_reasons(g: Givens, w: int) -> list[str]:
    name = g.instruction.name
    found: dict[str, None] = {}
    for operand, held in zip(g.operands, g.orientations[w], strict=True):
        tensor = g.tensors[held]
        if tensor.dtype != operand.dtype:
            found[f"{name} takes {operand.dtype} for {operand.name}, {tensor.name} is {tensor.dtype}"] = None
    if not _same_casts(g, w):
        found.setdefault(f"{name} computes {g.meaning.value}, the kernel {g.einsum.value}: the casts differ", None)
    return list(found)


def _same_casts(g: Givens, w: int) -> bool:
    """Would the casts agree, had the tensors the types that the instruction takes?"""
    pairs = list(zip(g.operands, (g.tensors[held] for held in g.orientations[w]), strict=True))
    total, given = pairs[0][0].dtype, pairs[0][1].dtype

    def retyped(node: Scalar) -> Scalar:
        return replace(node, dtype=total) if isinstance(node, Cast) and node.dtype == given else node

    own = without_identity_casts(g.meaning.value, {operand.name: operand.dtype for operand, _ in pairs})
    types = {tensor.name: operand.dtype for operand, tensor in pairs}
    values = (without_identity_casts(value, types) for value in (g.einsum.value, rebuild(g.einsum.value, retyped)))
    return any(g.orientations[w][1:] in pairings(own, value) for value in values)


def _fed_reasons(g: Givens, freedom: Freedom, w: int, names: list[str]) -> list[str]:
    """Instruction axes that nothing can feed; where each has candidates but there are too few of them, that."""
    found = []
    for axis in (axis.name for axis in g.needed if not can_feed(g, freedom, w, axis.name)):
        own = _indexed(g, axis)
        others = [o.name for o, depends in zip(g.operands, g.dependence, strict=True) if axis not in depends]
        apart = f" and not {', '.join(dict.fromkeys(others))}" if others else ""
        have = "; ".join(_dependences(g)) or "the kernel has no axis"
        found.append(
            f"nothing can feed {axis} of {g.instruction.name} (with {_holding(g, w)}): "
            f"{axis} indexes {own}{apart}, but {have}"
        )
    if not found:
        able = [x for x in g.extents if any(x in can_feed(g, freedom, w, axis) for axis in names)]
        found = [f"{', '.join(names)} of {g.instruction.name} need a kernel axis each; only {', '.join(able)} could"]
    return found + _homeless(g, freedom, w)


def _homeless(g: Givens, freedom: Freedom, w: int) -> list[str]:
    """Kernel axes that every operand depends on, where no axis of the instruction is in all operands."""
    lost = [
        x
        for x in g.extents
        if all(x in depends for depends in g.kernel_dependence) and not any(_feeds(g, freedom, w, x))
    ]
    if not lost:
        return []
    tensors = ", ".join(dict.fromkeys(tensor.name for tensor in g.tensors))
    count = len(dict.fromkeys(o.name for o in g.operands))
    every = {2: "both", 3: "all three"}.get(count, f"all {count}")
    return [f"{tensors} all depend on {', '.join(lost)}: no axis of {g.instruction.name} is in {every} operands"]


def _feeds(g: Givens, freedom: Freedom, w: int, x: str) -> list[bool]:
    return [g.same_kind(x, d.name) and g.fits(w, x, d.name, freedom.replicate) for d in g.axes]


def _window_reason(g: Givens, label: Label) -> str:
    access, *axes = label.about
    if not axes:
        order = ", ".join(map(str, g.instruction.operand(access).layout or ()))
        return f"{g.instruction.name} takes {access} in the order [{order}]: only a packed copy lies so"
    if len(axes) == 1:
        return f"{access} has no stride along {axes[0]}: only a copy can follow it"
    return f"{access} meets one element several times while {' and '.join(axes)} run: its windows overlap"


def _dependences(g: Givens) -> list[str]:
    """``n, p, q index O, I``: the kernel's axes by the accesses that depend on them."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for x in g.extents:
        where = (t.name for t, depends in zip(g.tensors, g.kernel_dependence, strict=True) if x in depends)
        groups.setdefault(tuple(dict.fromkeys(where)), []).append(x)
    return [f"{', '.join(xs)} {'index' if len(xs) > 1 else 'indexes'} {', '.join(ts)}" for ts, xs in groups.items()]


def _indexed(g: Givens, axis: str) -> str:
    names = (o.name for o, depends in zip(g.operands, g.dependence, strict=True) if axis in depends)
    return ", ".join(dict.fromkeys(names))


def _holding(g: Givens, w: int) -> str:
    pairs = zip(g.operands, g.orientations[w], strict=True)
    return ", ".join(dict.fromkeys(f"{operand.name}={g.tensors[held].name}" for operand, held in pairs))
