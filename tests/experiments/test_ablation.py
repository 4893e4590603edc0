"""e08 says what its results say: no optional rule changes an optimum, and instances come out the same."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from isamap.placement import rectangles
from isamap.scheduling import window
from isamap.scheduling.acyclic import formulation as acyclic
from isamap.scheduling.modulo import formulation as modulo
from isamap.tiling.exact import formulation as nests

HERE = Path(__file__).resolve().parents[2] / "experiments" / "e08_ablation"
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def experiment() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("e08_run", HERE / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(HERE))
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(HERE))


@pytest.fixture(scope="module")
def rows() -> Rows:
    found = json.loads((HERE / "results.json").read_text())
    assert isinstance(found, list)
    return found


def test_the_readme_shows_the_results(experiment: ModuleType, rows: Rows) -> None:
    assert experiment.tables(rows) in (HERE / "README.md").read_text()


def test_every_optional_rule_of_every_formulation_is_left_out(experiment: ModuleType) -> None:
    """The rules that a formulation's text calls redundant, a symmetry or a help are those that the experiment drops."""
    for text, asked in zip((nests, acyclic, window, modulo, rectangles), experiment.OPTIONAL.values(), strict=True):
        labels = {label for label, _ in asked} - {"hint", "least load"}
        assert labels == said_to_be_optional(text.__doc__ or ""), text.__name__


def said_to_be_optional(text: str) -> set[str]:
    """Rules marked (redundant) or (symmetry), and all that are listed from the word redundant on."""
    found, label, after = set[str](), "", False
    for line in text[text.index("\nRules") + 1 : text.index("\nObjective")].splitlines():
        if entry := re.match(r"(Rules       |            |  redundant )(\w+)", line):
            label, after = entry[2], after or "redundant" in entry[1]
        if after or re.search(r"\((redundant|symmetry)\)$", line):
            found.add(label)
    return found


def test_what_is_proved_is_the_same_without_a_rule(rows: Rows) -> None:
    proved: dict[tuple[str, str], set[tuple[str, float | None]]] = {}
    for row in rows:
        if row["status"] in ("optimal", "infeasible"):
            proved.setdefault((row["formulation"], row["instance"]), set()).add((row["status"], row["value"]))
    assert len(proved) >= 20
    assert all(len(answers) == 1 for answers in proved.values())


def test_every_hint_is_accepted_and_begins_the_search(rows: Rows) -> None:
    for row in rows:
        answered = row["status"] != "infeasible" and row["left_out"] != "hint"
        assert row["hint"] == ("accepted" if answered else ""), row


@pytest.mark.parametrize(
    ("kind", "given"),
    [("nest", ((4, 6, 9), "tiny", "latency")), ("body", (2, 2, 1, 6)), ("project", (3,)), ("loop", (2, 3, 11, 96)),
     ("packing", (0, 20))],
)  # fmt: skip
def test_an_instance_comes_out_the_same(experiment: ModuleType, rows: Rows, kind: str, given: tuple[Any, ...]) -> None:
    instance = getattr(sys.modules["formulations"], kind)(*given)
    kept = [row for row in rows if (row["formulation"], row["instance"]) == (instance.formulation, instance.name)]
    assert experiment.measure(instance) == kept, "run the experiment again"
