"""A comparison as table, JSON and page: the same figures everywhere, and curves that lie where the values are."""

from __future__ import annotations

import json
import re
import sys
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from isamap.cli import app
from isamap.report.axes import LinearAxis
from isamap.report.incumbent_picture import Curve, incumbent_picture
from isamap.search import has_genetic

SVG = "{http://www.w3.org/2000/svg}"
GIVEN = ["compare", "gemm", "tiny", "--set", "M=4", "--set", "N=4", "--set", "K=5", "--time-limit", "1", "--seeds", "2"]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], str]:
    page = tmp_path_factory.mktemp("compared") / "page.html"
    done = CliRunner().invoke(app, [*GIVEN, "--json", "-o", str(page)])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout), page.read_text()


def test_json_has_the_objects_of_compile_with_method_and_history(printed: tuple[dict[str, object], str]) -> None:
    record, _ = printed
    results = record["results"]
    assert isinstance(results, list)
    runs = [(one["method"], one["seed"]) for one in results]
    assert runs == [("greedy", 0), ("list", 0), *((m, s) for m in ("random", "annealing", "genetic") for s in (0, 1)),
                    ("exact", 0)]  # fmt: skip
    for one in results:
        assert one["checked"]
        assert one["value"] == one["latency_cycles"] == one["history"][-1]["value"]
        assert one["seconds"] >= one["history"][-1]["seconds"]
        assert {"gap", "energy_pj", "match", "tiling", "certificate", "evaluations"} <= set(one)
    spread = record["spread"]
    assert isinstance(spread, dict)
    for method, figures in spread.items():
        values = sorted(one["value"] for one in results if one["method"] == method)
        assert (figures["runs"], figures["min"], figures["max"]) == (len(values), values[0], values[-1])
        assert values[0] <= figures["median"] <= values[-1]
    assert results[-1]["value"] == min(one["value"] for one in results)


def test_the_page_stands_alone_and_shows_every_run(printed: tuple[dict[str, object], str]) -> None:
    record, page = printed
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "<script" not in page
    rows = re.findall(r'<th scope="row">(\w+)</th><td[^>]*>(\d+)</td><td[^>]*>([\d,]+)</td>', page)
    spread = record["spread"]
    assert isinstance(spread, dict)
    assert rows == [(method, str(figures["runs"]), f"{figures['min']:,.0f}") for method, figures in spread.items()]
    assert page.count("<svg") == 2
    results = record["results"]
    assert isinstance(results, list)
    for one in results:
        assert f"<title>{one['method']}, seed {one['seed']}: {one['value']:,.6g}</title>" in page


def test_the_table_names_methods_and_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert has_genetic()
    monkeypatch.setattr(sys.modules["isamap.search.genetic"], "find_spec", lambda name: None)
    done = CliRunner().invoke(app, [*GIVEN, "--methods", "greedy,genetic"])
    assert done.exit_code == 0, done.output
    assert re.search(r"greedy\s+1\s+\d", done.stdout)
    assert "genetic has no answer" in done.stdout
    assert "isamap[search]" in done.stdout


def test_an_unknown_method_is_refused_by_name() -> None:
    done = CliRunner().invoke(app, [*GIVEN, "--methods", "greedy,luck"])
    assert done.exit_code == 2
    assert "expected some of greedy list random annealing genetic exact, got luck" in done.stderr


def test_curves_lie_where_their_values_are() -> None:
    curves = [
        Curve("slow", "slow, seed 0", 10.0, ((1.0, 200.0), (4.0, 120.0))),
        Curve("all at once", "all at once", float("inf"), ((0.0, 110.0),)),
    ]
    tree = ElementTree.fromstring(incumbent_picture("two", "seconds", "cycles", curves, 100.0))
    paths = {path.findtext(f"{SVG}title"): path.attrib["d"] for path in tree.iter(f"{SVG}path") if len(path)}
    assert set(paths) == {"slow, seed 0: 120", "all at once: 110", "no program is below 100"}
    level = {name: float(re.findall(r"V([\d.]+)|M[\d.]+ ([\d.]+)", d)[-1][0] or d.split()[1].split("H")[0])
             for name, d in paths.items()}  # fmt: skip
    slow, once, bound = (level[name] for name in ("slow, seed 0: 120", "all at once: 110", "no program is below 100"))
    assert slow < once < bound  # downward on the picture
    assert once - slow == pytest.approx(bound - once, abs=0.2)
    across = [float(x) for x in re.findall(r"[MH]([\d.]+)", paths["slow, seed 0: 120"])]
    assert across == sorted(across)
    (end,) = [float(x) for x in re.findall(r"H([\d.]+)", paths["all at once: 110"])]
    assert across[-1] == end  # the longest run reaches the right end


def test_linear_ticks_are_round_and_inside() -> None:
    for low, high in ((0, 1), (57, 83), (0.0021, 0.0094), (65_000, 195_776)):
        axis = LinearAxis(low, high, 300, 40)
        ticks = list(axis.ticks())
        assert 2 <= len(ticks) <= 6
        assert all(low <= tick <= high and 40 <= axis.at(tick) <= 300 for tick in ticks)
