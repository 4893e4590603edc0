"""What could be changed for a match to exist, each change told with its price."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from isamap.ir.dtype import DType
from isamap.mapping.givens import Freedom, Givens
from isamap.mapping.lemma.rule import range_repair
from isamap.mapping.orientation import pairings
from isamap.mapping.utilisation import empty_share
from isamap.mapping.why_not.explain import can_feed, nearest
from isamap.mapping.why_not.split import largest_divisor


@dataclass(frozen=True)
class Relaxation:
    """A change to the question (``change``: another freedom; ``without``: rules or clauses left out) or to the kernel
    (``split``: an axis and the extent of its inner part), and how to ask the user for it."""

    rule: str
    text: str
    without: frozenset[str] = frozenset()
    change: tuple[tuple[str, str | bool], ...] = ()
    split: tuple[str, int] | None = None
    empty: str = ""  # the axis of the instruction that stays empty
    share: Fraction = Fraction(1)  # of the instruction's use that is left


def relaxations(g: Givens, freedom: Freedom) -> list[Relaxation]:
    """All of them, seen from the orientation that comes closest to a match."""
    w = nearest(g, freedom)
    return [
        *_copying(freedom),
        *_typed(g, w),
        *_empty(g, freedom, w),
        *_split(g, freedom, w),
        *_laid(g, w),
        *_repeated(freedom),
    ]


def told(g: Givens, group: Sequence[Relaxation]) -> str:
    """The relaxations in one sentence; axes that stay empty are named together, with what is left of the use."""
    empty = [one.empty for one in group if one.empty]
    share = prod((one.share for one in group), start=Fraction(1))
    others = [one.text for one in group if not one.empty]
    return " and ".join([*others, *([_left(g, empty, share)] if empty else [])])


def _copying(freedom: Freedom) -> Iterator[Relaxation]:
    if freedom.realise == "direct":
        yield Relaxation("nest", "allow strided views (realise view)", change=(("realise", "view"),))
    if freedom.realise != "gather":
        yield Relaxation("window", "allow packed copies (realise gather)", change=(("realise", "gather"),))


def _typed(g: Givens, w: int) -> Iterator[Relaxation]:
    """Types of the instruction for the tensors, another sign for one of two factors, ranges for inputs."""
    name, rule = g.instruction.name, frozenset(("types",))
    if not g.agree[w]:
        wanted = ", ".join(f"{o.name} {o.dtype}" for o in dict.fromkeys(g.operands))
        yield Relaxation(
            "types", f"give the kernel the types of {name} ({wanted}: {g.meaning.statement}){_bytes(g, w)}", rule
        )
        if text := _shift(g, w):
            yield Relaxation("types", text, rule)
    if text := range_repair(g, w):
        yield Relaxation("ranges", text, frozenset(("ranges",)))


def _bytes(g: Givens, w: int) -> str:
    """What the tensors of the einsum take before and after."""
    pairs = {g.tensors[held]: operand.dtype for operand, held in zip(g.operands, g.orientations[w], strict=True)}
    before = sum(tensor.dtype.bytes_for(tensor.elements) for tensor in pairs)
    after = sum(dtype.bytes_for(tensor.elements) for tensor, dtype in pairs.items())
    return f": its tensors take {after:,} bytes instead of {before:,}" if after != before else ""


def _shift(g: Givens, w: int) -> str:
    """The sentence about a product of bytes of which one has the other sign; empty where it is something else."""
    held = [g.tensors[number] for number in g.orientations[w]]
    wrong = [
        n for n, (operand, tensor) in enumerate(zip(g.operands, held, strict=True)) if operand.dtype != tensor.dtype
    ]
    same = g.orientations[w][1:] in pairings(g.meaning.value, g.einsum.value)
    if len(wrong) != 1 or wrong[0] == 0 or len(held) != 3 or not same or g.meaning.operator != "+=":
        return ""
    (n,) = wrong
    tensor, other, wanted = held[n], held[3 - n], g.operands[n].dtype
    if not _other_sign(tensor.dtype, wanted):
        return ""
    summed = ", ".join(g.einsum.reduction_axes)
    by = f"{'' if wanted.least == 0 else '-'}128"
    return (
        f"shift {tensor.name} by {by} ({tensor.dtype} -> {wanted}) and subtract {by} * the sum of {other.name} "
        f"over {summed}: see --composites"
    )


def _other_sign(one: DType, other: DType) -> bool:
    return {one.name, other.name} == {"s8", "u8"}


def _empty(g: Givens, freedom: Freedom, w: int) -> Iterator[Relaxation]:
    """The axes that fewest kernel axes could feed first."""
    for d in () if freedom.empty_axes else sorted(g.needed, key=lambda d: len(can_feed(g, freedom, w, d.name))):
        share = empty_share(g.instruction, d)
        yield Relaxation("fed", _left(g, [d.name], share), frozenset((f"fed {d.name}",)), empty=d.name, share=share)


def _left(g: Givens, axes: Sequence[str], share: Fraction) -> str:
    names = " and ".join(filter(None, (", ".join(axes[:-1]), axes[-1])))
    price = f"at {share} of its use" if share < 1 else "at full use"
    return f"leave {names} of {g.instruction.name} empty {price} (empty_axes)"


def _split(g: Givens, freedom: Freedom, w: int) -> Iterator[Relaxation]:
    """Axes that could feed two axes of the instruction, cut where the parts fill the second one best."""
    able = {d.name: can_feed(g, freedom, w, d.name) for d in g.needed}
    for x, extent in g.extents.items():
        fed = [d for d in g.needed if x in able[d.name]]
        inner = largest_divisor(extent, fed[-1].most) if len(fed) > 1 else 1
        if inner > 1:
            parts = f"{x}_outer = {extent // inner} and {x}_inner = {inner}"
            text = f"split {x} = {extent} into {parts} ({x} = {inner}*{x}_outer + {x}_inner): no more work than before"
            yield Relaxation("split", text, split=(x, inner))


def _laid(g: Givens, w: int) -> Iterator[Relaxation]:
    moved = dict.fromkeys(g.tensors[held] for here, held in zip(g.in_place, g.orientations[w], strict=True) if here)
    if moved:
        names = " and ".join(t.name for t in moved)
        size = sum(t.dtype.bytes_for(t.elements) for t in moved)
        text = f"pack {names} beforehand, to lie as {g.instruction.name} takes it: {size:,} bytes"
        yield Relaxation("strides", text, frozenset(("strides",)))


def _repeated(freedom: Freedom) -> Iterator[Relaxation]:
    if not freedom.replicate:
        yield Relaxation(
            "dependence", "repeat an input along axes that it lacks (replicate)", change=(("replicate", True),)
        )
