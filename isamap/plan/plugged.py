"""What a user's functions (``plugins``) say about the candidates of an einsum, held against what they may say.

A function that raises, or answers what it may not, is left out from there on, and a note says which and why: the
search goes on with what it has. Tilings are checked before they are candidates, and the schedules made of them before
they count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from math import isfinite
from numbers import Real
from time import monotonic

from isamap.check.schedule import check_schedule
from isamap.check.tiling import check_tiling
from isamap.compiled import Plan
from isamap.errors import IsamapError, Unsupported
from isamap.ir.answers import Tiling
from isamap.ir.binding import Binding
from isamap.ir.text import from_text, to_text
from isamap.ir.workload import Workload
from isamap.lowering import lower
from isamap.plan.addresses import place
from isamap.plan.search import Part, Search
from isamap.plugins import GROUPS, Plugins, named, said
from isamap.scheduling import list_schedule
from isamap.simulate import simulate

MOST_SUGGESTED = 100  # tilings that are taken from a heuristic


class _Nonsense(Exception):
    """What a function of the user's answered, and what it should have."""


def taking_part(search: Search, given: Plugins) -> Plugins:
    """``given`` and the installed functions that the options name; raises InputError, and Unsupported where a heuristic
    would have to know what is pinned."""
    found = named({kind: getattr(search.options, kind) for kind in GROUPS}, given)
    if found.heuristic is not None and search.fixed:
        raise Unsupported("compile", "a heuristic of one's own beside parts of the answer that are fixed")
    return found


def suggested(search: Search, work: Workload, bindings: Sequence[Binding], time_limit_s: float) -> list[Part]:
    """The bindings with the tilings that the user's heuristic finds, for each in so much time."""
    return [part for binding in bindings for part in _suggested(search, work, binding, time_limit_s)]


def _suggested(search: Search, work: Workload, binding: Binding, time_limit_s: float) -> list[Part]:
    """``binding`` with each tiling that the user's heuristic finds in the time, up to the first that is none."""
    if search.plugins.heuristic is None or any(role.home is not None for role in binding.roles):
        return []
    search.tell(f"tiling einsum {binding.number} by {search.name_of('heuristic')}")
    heuristic, name, until = search.plugins.heuristic, search.name_of("heuristic"), monotonic() + time_limit_s

    def time_is_up() -> bool:
        return monotonic() >= until

    found: dict[Tiling, str] = {}
    with _Guard(search, "heuristic"):
        for tiling in islice(heuristic(binding, search.options.objective, time_is_up), MOST_SUGGESTED):
            _require_tiling(tiling, binding, work)
            found[tiling] = name
            if time_is_up():
                break
    search.suggested |= found
    return [(binding, tiling) for tiling in found]


def in_order(search: Search, parts: list[Part]) -> list[Part]:
    """``parts`` in the order in which the user's functions want them scheduled."""
    model, ranking = search.plugins.cost_model, search.plugins.ranking
    if model is not None:
        with _Guard(search, "cost_model"):
            costs = [_number(model(*part)) for part in parts]
            parts = [parts[n] for n in sorted(range(len(parts)), key=costs.__getitem__)]
    if ranking is not None:
        with _Guard(search, "ranking"):
            parts = _same(list(ranking(tuple(parts))), parts)
    return parts


def plan_suggested(search: Search, work: Workload, part: Part) -> Plan:
    """The plan of a tiling that the user's heuristic found; raises Infeasible, or Unsupported where what the tiling
    says of pieces and slots makes no schedule that every checker passes."""
    binding, tiling = part
    name = search.suggested[tiling]
    try:
        schedule = list_schedule([part], search.target)
        placement = place(schedule, [binding], search.target)
        wrong = check_schedule(schedule, [binding.match], work, search.target)
        if not wrong:
            program = lower(work, [binding], schedule, placement, search.target)
            wrong = list(simulate(program, search.target, {}, execute=False).violations)
    except IsamapError:
        raise
    except Exception as error:
        raise Unsupported("scheduling", f"a tiling of {name}, of which {said(error)} comes,") from error
    if wrong:
        raise Unsupported("scheduling", f"a tiling of {name} ({wrong[0]})")
    return search.plan(work, [part], schedule, made_by(search, [part]))


def made_by(search: Search, parts: Sequence[Part]) -> str:
    """What the answers of ``parts`` are called: they name the user's heuristic where a tiling is one of its own."""
    names = [search.suggested[tiling] for _, tiling in parts if tiling in search.suggested]
    return " ".join(["heuristic", *dict.fromkeys(names)])


class _Guard:
    """What is raised inside, Ctrl-C too, ends no more than what is inside: the function is left out from then on."""

    def __init__(self, search: Search, kind: str) -> None:
        self.search, self.kind = search, kind

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, KeyboardInterrupt):
            self.search.stopped = self.search.interrupted = True
            return True
        if not isinstance(error, Exception | SystemExit):
            return False
        what = str(error) if isinstance(error, _Nonsense) else f"it raised {said(error)}"
        title = f"{self.kind.replace('_', ' ')} {self.search.name_of(self.kind)}"
        self.search.remarks.append(f"{title} was refused, and not asked again: {what}")
        self.search.plugins = replace(self.search.plugins, **{self.kind: None})
        return True


def _require_tiling(tiling: object, binding: Binding, work: Workload) -> None:
    """Raises _Nonsense where it is no tiling of ``binding`` in blocks and issues."""
    if not isinstance(tiling, Tiling):
        raise _Nonsense(f"expected tilings, got {_shown(tiling)}")
    if tiling.match != binding.match:
        raise _Nonsense(f"expected tilings of the match that it was given, got one of {tiling.match}")
    if not isinstance(tiling.levels, tuple) or len(tiling.levels) != 2 or not _is_read_back(tiling):
        raise _Nonsense(f"expected two levels of whole numbers and names, blocks and issues, got {tiling.levels}")
    violations = check_tiling(tiling, work, binding.target)
    if violations:
        raise _Nonsense(f"it gave a tiling that is none: {violations[0]}")


def _is_read_back(tiling: Tiling) -> bool:
    """Is it the same when it is printed and read? What has parts of other types, or is not a number, is not."""
    try:
        return bool(from_text(to_text(tiling)) == tiling)
    except Exception:
        return False


def _number(value: object) -> float:
    if not isinstance(value, Real) or not isfinite(value):
        raise _Nonsense(f"expected finite numbers, got {_shown(value)}")
    return float(value)


def _same(ordered: Sequence[object], parts: Sequence[Part]) -> list[Part]:
    """``ordered``, which must be ``parts`` in any order."""
    place = {id(part): part for part in parts}
    found = [place[id(one)] for one in ordered if id(one) in place]
    if len(ordered) != len(parts) or len({id(one) for one in found}) != len(parts):
        raise _Nonsense(f"expected the {len(parts)} candidates that it was given, each once, got {_shown(ordered)}")
    return found


def _shown(value: object) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
