"""Element-wise einsums done within the one that reads them: ``T = X + b; Y = max(T, 0)`` as ``Y = max(X + b, 0)``.

From an einsum n: the tensors that it alone reads, element by element made of others, may each be replaced by what they
are made of (``inlining``), and so may the tensors that these read, and so on. Every set of them after which some
instruction or transfer computes the einsum at once is given, up to ``_MOST`` sets, small ones first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.mapping.rewrite.inlining import inlined, readers, writer
from isamap.mapping.rewrite.pattern import Pattern, patterns
from isamap.mapping.rewrite.rewritten import Rewritten

_MOST = 100


@dataclass(frozen=True)
class _Merged:
    """``work`` after the tensors ``names`` are gone; einsum ``number`` is the one that does their work."""

    work: Workload
    number: int
    names: frozenset[str] = frozenset()

    @property
    def einsum(self) -> Einsum:
        return self.work.einsums[self.number]


def inline(work: Workload, number: int, target: Target) -> Iterator[Rewritten]:
    """``work`` with einsums that only einsum ``number`` needs done within it, so that an instruction does all of them.
    Those einsums are gone; the one that is left has ``number`` as its origin."""
    known = patterns(target)
    for merged in _sets(work, number):
        if _at_once(merged, known):
            gone = [writer(work, name) for name in merged.names]
            origin = tuple(n for n in range(len(work.einsums)) if n not in gone)
            listed = ", ".join(sorted(merged.names))
            because = f"without {listed} in between: {merged.einsum.statement}"
            yield Rewritten(merged.work, "inline", because, True, origin)


def _sets(work: Workload, number: int) -> Iterator[_Merged]:
    """Einsum ``number`` with one or more private tensors inlined, each set of them once."""
    states, seen = [_Merged(work, number)], set[frozenset[str]]()
    for state in states:
        for name in dict.fromkeys(access.tensor for access in state.einsum.reads):
            names = state.names | {name}
            if names in seen or len(seen) == _MOST or readers(state.work, name) != (state.number,):
                continue
            shorter = inlined(state.work, name)
            if shorter is not None:
                seen.add(names)
                states.append(_Merged(shorter, state.number - 1, names))
                yield states[-1]


def _at_once(merged: _Merged, known: tuple[Pattern, ...]) -> bool:
    types = merged.work.dtype_of
    return any(one.computes(merged.einsum.operator, merged.einsum.value, types) for one in known)
