"""Functions of a user's that take part in the search for a plan, and how they are found by name.

    heuristic    (binding, objective, time_is_up) -> tilings       more candidates than isamap's own
    cost model   (binding, tiling) -> number                       schedules the candidates of small numbers first
    ranking      candidates -> the same ones, in order             schedules the candidates in that order

A candidate is a binding (a match spelled out) and a tiling of it. None of the three has the last word: the best
schedule counts, and every answer is checked. A function is passed in (``Plugins``), or an installed package names it as
an entry point of the groups below. (Entry points: Python Packaging User Guide, "Entry points specification".)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from isamap.errors import Fault, InputError
from isamap.ir.answers import Tiling
from isamap.ir.binding import Binding

__all__ = ["GROUPS", "Candidate", "CostModel", "Heuristic", "Plugins", "Ranking", "installed", "load", "named"]

Candidate = tuple[Binding, Tiling]
Heuristic = Callable[[Binding, str, Callable[[], bool]], Iterable[Tiling]]
CostModel = Callable[[Binding, Tiling], float]
Ranking = Callable[[Sequence[Candidate]], Iterable[Candidate]]

GROUPS = {"heuristic": "isamap.heuristics", "cost_model": "isamap.cost_models", "ranking": "isamap.rankings"}


@dataclass(frozen=True)
class Plugins:
    """At most one function of each kind."""

    heuristic: Heuristic | None = None
    cost_model: CostModel | None = None
    ranking: Ranking | None = None

    def __post_init__(self) -> None:
        given = {kind: getattr(self, kind) for kind in GROUPS}
        wrong = [kind for kind, function in given.items() if function is not None and not callable(function)]
        if wrong:
            raise InputError([Fault((kind,), "a function", repr(given[kind])) for kind in wrong])

    @property
    def orders(self) -> bool:
        """Does one of them say in which order candidates are scheduled?"""
        return self.cost_model is not None or self.ranking is not None

    def __bool__(self) -> bool:
        return self.heuristic is not None or self.orders


def installed(kind: str) -> tuple[EntryPoint, ...]:
    """The entry points of a kind (a key of ``GROUPS``) that installed packages have, by name; none is loaded."""
    found = {(one.name, one.value): one for one in entry_points(group=GROUPS[kind])}
    return tuple(found[key] for key in sorted(found))


def load(kind: str, name: str) -> Any:
    """The function that a package names so; raises InputError where none does, several do, or it cannot be had."""
    flag, entries = f"--{kind.replace('_', '-')}", installed(kind)
    mine = [entry for entry in entries if entry.name == name]
    if not mine:
        names = " ".join(dict.fromkeys(entry.name for entry in entries))
        there = f"one of {names}" if names else "one that is installed, and there is none"
        hint = f"a package brings one as an entry point of the group {GROUPS[kind]}"
        raise InputError([Fault((flag,), there, repr(name), hint)])
    if len(mine) > 1:
        raise InputError([Fault((flag,), "a name that one package has", repr(name), " ".join(e.value for e in mine))])
    try:
        function = mine[0].load()
    except Exception as error:
        raise InputError(f"{flag} {name}: {mine[0].value} cannot be loaded: {said(error)}") from error
    if not callable(function):
        raise InputError([Fault((flag, name), "a function", f"{function!r} from {mine[0].value}")])
    return function


def named(names: Mapping[str, str | None], given: Plugins) -> Plugins:
    """``given``, and of each kind that has a name in ``names`` the installed function; raises InputError, also where
    there would be two of a kind."""
    functions = {kind: getattr(given, kind) for kind in GROUPS}
    for kind, name in names.items():
        if name is None:
            continue
        if functions[kind] is not None:
            raise InputError([Fault((kind,), "a function or a name", f"{functions[kind]!r} and {name!r}")])
        functions[kind] = load(kind, name)
    return Plugins(**functions)


def said(error: BaseException) -> str:
    """An exception of somebody else's code in one line."""
    return f"{type(error).__name__}: {error}".strip().rstrip(":").replace("\n", " ")
