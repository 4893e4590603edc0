"""The least that would have to change for a match to exist: the smallest sets of relaxations under which one does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

from isamap.mapping.explain import can_feed, nearest
from isamap.mapping.givens import Freedom, Givens
from isamap.mapping.solutions import possible
from isamap.mapping.symmetry import turns
from isamap.mapping.utilisation import empty_share


@dataclass(frozen=True)
class _Relaxation:
    """A change to the question: another freedom, rules or clauses left out, and how to ask the user for it."""

    text: str
    without: frozenset[str] = frozenset()
    change: tuple[tuple[str, str | bool], ...] = ()


def repairs(g: Givens, freedom: Freedom) -> tuple[str, ...]:
    """One sentence per smallest set of relaxations, those that are the same turned round told once."""
    every, all_turns = _relaxations(g, freedom, nearest(g, freedom)), turns(g)
    for size in range(1, len(every) + 1):
        found: dict[tuple[object, ...], str] = {}
        for group in combinations(every, size):
            freer = replace(freedom, **dict(pair for one in group for pair in one.change))  # type: ignore[arg-type]
            without = frozenset(name for one in group for name in one.without)
            if possible(g, freer, without):
                name = (freer, "types" in without, _emptied(g, without, all_turns))
                found.setdefault(name, " and ".join(one.text for one in group))
        if found:
            return tuple(found.values())
    return ()


def _relaxations(g: Givens, freedom: Freedom, w: int) -> list[_Relaxation]:
    name, found = g.instruction.name, []
    if freedom.realise == "direct":
        found.append(_Relaxation("allow strided views (realise view)", change=(("realise", "view"),)))
    if freedom.realise != "gather":
        found.append(_Relaxation("allow packed copies (realise gather)", change=(("realise", "gather"),)))
    if not g.agree[w]:
        wanted = ", ".join(f"{o.name} {o.dtype}" for o in dict.fromkeys(g.operands))
        text = f"give the kernel the types of {name} ({wanted}: {g.meaning.statement})"
        found.append(_Relaxation(text, without=frozenset(("types",))))
    if not freedom.empty_axes:
        for d in sorted(g.axes, key=lambda axis: len(can_feed(g, freedom, w, axis.name))):
            share = empty_share(g.instruction, d)
            price = f" at {share} of its use" if share < 1 else ""
            text = f"leave {d.name} of {name} empty{price} (empty_axes)"
            found.append(_Relaxation(text, without=frozenset((f"fed {d.name}",))))
    if not freedom.replicate:
        text = "repeat an input along axes that it lacks (replicate)"
        found.append(_Relaxation(text, change=(("replicate", True),)))
    return found


def _emptied(g: Givens, without: frozenset[str], all_turns: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """The axes left empty, by position, in the first of the turns of the instruction."""
    empty = [n for n, d in enumerate(g.axes) if f"fed {d.name}" in without]
    return min(tuple(sorted(turn[n] for n in empty)) for turn in all_turns)
