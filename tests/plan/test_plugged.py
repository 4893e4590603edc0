"""Functions of the user's suggest and order candidates; none of them can spoil an answer or a proof."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import repeat
from typing import Any

import pytest

from isamap.compile import Compiled, Options, compile_workload
from isamap.errors import InputError, Unsupported
from isamap.ir.answers import Level, Tiling
from isamap.ir.binding import Binding, bind
from isamap.ir.fixed import Fixed, FixedEinsum
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.mapping import map_workload
from isamap.plan import Search
from isamap.plan.plugged import plan_suggested
from isamap.plugins import Candidate, Plugins
from isamap.scheduling import list_schedule
from isamap.spec import load_target, load_workload
from isamap.tiling import tilings
from tests.answers import TWO_EINSUMS

BY_HEURISTICS = Options(method="heuristic", deterministic=True)


@cache
def pair() -> tuple[Workload, Target]:
    """A kernel whose best tiling is not among the few that are scheduled without being asked for."""
    return load_workload("gemm", {"M": 7, "N": 7, "K": 7}), load_target("tiny")


@cache
def plain() -> Compiled:
    return compile_workload(*pair(), BY_HEURISTICS)


def compiled(**functions: Any) -> Compiled:
    return compile_workload(*pair(), BY_HEURISTICS, plugins=Plugins(**functions))


def cycles(part: Candidate) -> int:
    return list_schedule([part], part[0].target).latency_cycles


def fastest_first(parts: Sequence[Candidate]) -> list[Candidate]:
    return sorted(parts, key=cycles)


def slowest_first(parts: Sequence[Candidate]) -> list[Candidate]:
    return fastest_first(parts)[::-1]


def best(binding: Binding, objective: str, time_is_up: Callable[[], bool]) -> Iterator[Tiling]:
    yield min(tilings(binding, most=100), key=lambda tiling: cycles((binding, tiling)))


def test_a_ranking_says_what_is_scheduled_first() -> None:
    first, last = compiled(ranking=fastest_first), compiled(ranking=slowest_first)
    assert first.solved.value == last.solved.value == 115 < (plain().solved.value or 0)
    assert first.solved.history[0].value == 115 < (last.solved.history[0].value or 0)


def test_so_does_a_cost_model() -> None:
    first = compiled(cost_model=lambda *part: cycles(part))
    last = compiled(cost_model=lambda *part: -cycles(part))
    assert first.solved.value == last.solved.value == first.solved.history[0].value
    assert (last.solved.history[0].value or 0) > 115


def test_a_ranking_sees_the_order_of_the_cost_model() -> None:
    seen: list[int] = []

    def ranking(parts: Sequence[Candidate]) -> Sequence[Candidate]:
        seen.extend(map(cycles, parts))
        return parts

    compiled(cost_model=lambda *part: -cycles(part), ranking=ranking)
    assert seen == sorted(seen, reverse=True)
    assert len(seen) > 6


def test_a_heuristic_adds_its_tilings() -> None:
    answer = compiled(heuristic=best)
    assert answer.checked
    assert (answer.solved.value, answer.solved.method) == (115, "heuristic best")
    assert answer.notes == plain().notes


def test_a_heuristic_serves_every_einsum() -> None:
    work, target = load_workload(TWO_EINSUMS), load_target("tiny")
    asked: list[int] = []

    def heuristic(binding: Binding, objective: str, time_is_up: Callable[[], bool]) -> list[Tiling]:
        asked.append(binding.number)
        return tilings(binding, most=1)

    answer = compile_workload(work, target, BY_HEURISTICS, plugins=Plugins(heuristic=heuristic))
    assert answer.checked
    assert set(asked) == {0, 1}


def broken(parts: Sequence[Candidate]) -> list[Candidate]:
    raise ValueError("no model here")


def without_end(binding: Binding, objective: str, time_is_up: Callable[[], bool]) -> Iterator[Tiling]:
    return repeat(tilings(binding, most=1)[0])


def giving(change: Callable[[Tiling], object]) -> Callable[[Binding, str, Callable[[], bool]], Iterator[object]]:
    def heuristic(binding: Binding, objective: str, time_is_up: Callable[[], bool]) -> Iterator[object]:
        yield change(tilings(binding, most=1)[0])

    return heuristic


def other_axes(tiling: Tiling) -> Tiling:
    return replace(tiling, levels=tuple(replace(level, tile=(("p", 2), ("q", 2))) for level in tiling.levels))


def of_text(tiling: Tiling) -> Tiling:
    first: Any = replace(tiling.levels[0], order=list(tiling.levels[0].order))
    return replace(tiling, levels=(first, *tiling.levels[1:]))


NONSENSE: list[tuple[dict[str, Any], str]] = [
    ({"ranking": broken}, "ranking broken was refused, and not asked again: it raised ValueError: no model here"),
    ({"ranking": lambda parts: parts[1:]}, "expected the .* candidates that it was given, each once"),
    ({"ranking": lambda parts: [*parts[1:], parts[1]]}, "expected the .* candidates that it was given, each once"),
    ({"ranking": lambda parts: [(parts[0][0], "a tiling")] * len(parts)}, "candidates that it was given, each once"),
    ({"ranking": lambda parts: None}, "ranking <lambda> was refused, .* TypeError: 'NoneType' object is not iterable"),
    ({"cost_model": lambda *part: float("nan")}, "cost model <lambda> .*: expected finite numbers, got float nan"),
    ({"cost_model": lambda *part: "12"}, "expected finite numbers, got str '12'"),
    ({"cost_model": lambda *part: exit(3)}, "cost model <lambda> was refused, .* it raised SystemExit: 3"),
    ({"cost_model": lambda part: 1.0}, "cost model <lambda> was refused, .* TypeError"),
    ({"heuristic": lambda *given: 1 // 0}, "heuristic <lambda> was refused, .*: it raised ZeroDivisionError"),
    ({"heuristic": lambda *given: ["m=2"]}, "heuristic <lambda> .*: expected tilings, got str 'm=2'"),
    ({"heuristic": giving(other_axes)}, "it gave a tiling that is none: axes at level 0: .* instead of m n k"),
    ({"heuristic": giving(of_text)}, "expected two levels of whole numbers and names"),
    ({"heuristic": giving(lambda one: replace(one, levels=one.levels[:1]))}, "expected two levels"),
    ({"heuristic": giving(lambda one: replace(one, modelled_value=float("nan")))}, "expected two levels"),
    ({"heuristic": giving(lambda one: replace(one, match=replace(one.match, einsum=1)))}, "tilings of the match that"),
]


@pytest.mark.parametrize(("functions", "why"), NONSENSE)
def test_nonsense_is_refused_by_name_and_costs_nothing(functions: dict[str, Any], why: str) -> None:
    work, target = load_workload("gemm", {"M": 4, "N": 4, "K": 6}), load_target("tiny")
    alone = compile_workload(work, target, BY_HEURISTICS)
    answer = compile_workload(work, target, BY_HEURISTICS, plugins=Plugins(**functions))
    (note,) = [note for note in answer.notes if note not in alone.notes]
    assert note.startswith(next(iter(functions)).replace("_", " "))
    assert re.search(why, note), note
    assert answer.checked
    assert (answer.solved.value, answer.tilings) == (alone.solved.value, alone.tilings)


def test_without_an_order_of_ones_own_the_usual_few_are_scheduled() -> None:
    answer = compiled(ranking=broken)
    assert (answer.solved.value, answer.tilings) == (plain().solved.value, plain().tilings)


def test_what_was_refused_is_not_asked_again() -> None:
    asked: list[int] = []

    def heuristic(binding: Binding, objective: str, time_is_up: Callable[[], bool]) -> list[Tiling]:
        asked.append(binding.number)
        raise RuntimeError("enough")

    work, target = load_workload(TWO_EINSUMS), load_target("tiny")
    answer = compile_workload(work, target, BY_HEURISTICS, plugins=Plugins(heuristic=heuristic))
    assert asked == [0]
    assert sum("enough" in note for note in answer.notes) == 1


def test_a_heuristic_without_end_is_left_in_time() -> None:
    assert compiled(heuristic=without_end).solved.value == plain().solved.value
    limited = Options(method="heuristic", time_limit_s=0.5)
    assert compile_workload(*pair(), limited, plugins=Plugins(heuristic=without_end)).checked


def test_ctrl_c_in_a_function_keeps_the_rest() -> None:
    def ranking(parts: Sequence[Candidate]) -> list[Candidate]:
        raise KeyboardInterrupt

    answer = compiled(ranking=ranking)
    assert answer.checked
    assert any(note.startswith("stopped") for note in answer.notes)


def test_a_tiling_whose_program_would_be_wrong_is_no_candidate() -> None:
    """Its pieces of B have one value of n, of which a tile takes two: the checker of tilings passes that."""
    work, target = load_workload("gemm", {"M": 8, "N": 6, "K": 9}), load_target("tiny")
    match = map_workload(work, target)[0][0].matches[0]
    outer = Level("local", (("m", 2), ("n", 2), ("k", 4)), ("k", "m", "n"), (("A", 3), ("B", 5)),
                  (("A", (("m", 2), ("n", 2), ("k", 4))), ("B", (("m", 2), ("n", 1), ("k", 4)))),
                  (("A", 1), ("B", 3)), True, ("k",))  # fmt: skip
    inner = Level("local", outer.tile, (), (("C", 12),), held=(("C", 12),), turning=True)
    part = bind(work, match, target), Tiling(match, (outer, inner), 1, 1.0)
    search = Search(work, target, BY_HEURISTICS, None, None)
    search.suggested[part[1]] = "mine"
    with pytest.raises(Unsupported, match=r"a tiling of mine \(content at task"):
        plan_suggested(search, work, part)
    plugins = Plugins(heuristic=lambda binding, *rest: [replace(part[1], match=binding.match)])
    answer = compile_workload(work, target, BY_HEURISTICS, plugins=plugins)
    assert answer.checked
    assert answer.solved.method == "heuristic"


def test_a_proof_stays_what_it_is() -> None:
    """Whatever the order of the heuristics' candidates, and whoever suggests more."""
    work, target = load_workload("gemm", {"M": 2, "N": 2, "K": 12}), load_target("tiny")
    exact = Options(method="exact", time_limit_s=40.0, deterministic=True)
    alone = compile_workload(work, target, exact)
    for plugins in (Plugins(ranking=slowest_first), Plugins(cost_model=lambda *part: 0.0), Plugins(heuristic=best)):
        answer = compile_workload(work, target, exact, plugins=plugins)
        assert answer.solved.status == alone.solved.status == "optimal"
        assert (answer.solved.value, answer.solved.bound) == (18, 18)
        assert answer.certificate is not None
        assert alone.certificate is not None
        assert answer.certificate.bounds == alone.certificate.bounds
        assert answer.certificate.within == alone.certificate.within == ()


def test_what_does_not_go_together_is_refused() -> None:
    fixed = Fixed(einsums=((0, FixedEinsum(instruction="mm2")),))
    with pytest.raises(Unsupported, match="a heuristic of one's own beside parts of the answer that are fixed"):
        compile_workload(*pair(), BY_HEURISTICS, fixed=fixed, plugins=Plugins(heuristic=best))
    with pytest.raises(InputError, match=r"ranking: expected a function or a name, got .* and 'mine'"):
        compile_workload(*pair(), replace(BY_HEURISTICS, ranking="mine"), plugins=Plugins(ranking=fastest_first))
    begun = compile_workload(*pair(), BY_HEURISTICS, start=plain(), plugins=Plugins(ranking=broken))
    assert any("were not asked: the search began from another answer" in note for note in begun.notes)
    nothing: Any = "fast"
    with pytest.raises(InputError, match="heuristic: expected a function, got 'fast'"):
        Plugins(heuristic=nothing)
