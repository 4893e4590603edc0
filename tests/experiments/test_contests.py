"""e14, e15 and e16 say what their results say; a run that was stopped goes on, and a wrong result ends it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from isamap.ir.contest import Contest, Timed
from isamap.ir.ranking import Ranking
from isamap.ir.workload import Workload
from tests.experiments.loading import load

HOUSE = Path(__file__).resolve().parents[2] / "experiments"
NAMES = ("e14_deepbench_gemm", "e15_small_gemm", "e16_int8_gemm")


@pytest.fixture(scope="module", params=NAMES)
def experiment(request: pytest.FixtureRequest) -> Any:
    return load(HOUSE / request.param).EXPERIMENT


@pytest.fixture
def contests(experiment: Any) -> ModuleType:
    """What the experiments have in common."""
    return sys.modules["contests"]


def test_the_readme_shows_the_results(experiment: Any, contests: ModuleType) -> None:
    found = experiment.read()
    page = (experiment.folder / "README.md").read_text(encoding="utf-8")
    shown = contests.texts(found) if found["rows"] else dict.fromkeys(("machine", "summary", "answer", "table"), "")
    assert all(f"<!-- {name} -->\n{text}\n<!-- end -->".replace("\n\n", "\n") in page for name, text in shown.items())
    if found["rows"]:
        assert (experiment.folder / "picture.svg").read_text(encoding="utf-8") == experiment.picture(found)


def test_results_are_of_the_sizes_and_hang_together(experiment: Any) -> None:
    names = [size.name for size in experiment.sizes]
    rows = experiment.read()["rows"]
    assert len(set(names)) == len(names)
    assert [row["name"] for row in rows] == [name for name in names if name in {row["name"] for row in rows}]
    for row in rows:
        others = {name: speed for name, speed in row["speed"].items() if name != "isamap"}
        assert others[row["best"]] == max(others.values())
        assert row["ratio"] == pytest.approx(row["speed"]["isamap"] / others[row["best"]], abs=0.02, rel=0.02)


def test_deepbench_is_turned_over() -> None:
    """1760 x 128 x 1760 column-major is 128 rows of 1760; A's transposition becomes B's."""
    sizes = {size.name for size in load(HOUSE / NAMES[0]).SIZES}
    assert {"128x1760x1760 NN", "128x1760x1760 NT", "16x512x512 TN", "700x35x2048 NN"} <= sizes
    assert len(sizes) == 8 + 111


class Fake:
    """A ring whose contests go as they are told: ``None`` is Ctrl-C, a text is what is wrong."""

    def __init__(self, outcomes: Sequence[str | None]) -> None:
        self.outcomes, self.asked = list(outcomes), list[str]()

    def __call__(self, names: Sequence[str], measure: bool) -> Fake:
        return self

    def __enter__(self) -> Fake:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def contest(self, work: Workload, core: Any, seconds: float) -> Contest:
        self.asked.append(work.name)
        wrong = self.outcomes.pop(0)
        if wrong is None:
            raise KeyboardInterrupt
        ours = Timed("isamap", "1", 1e-6, 2e-6, 9, 1, 0.0, wrong, "n/8", Ranking((1.0, 2.0), (1.1e-6, 1e-6)))
        mkl, torch = replace(ours, name="mkl", wrong="", minimum_s=1.5e-6), replace(ours, name="torch", wrong="off")
        return Contest(work.name, "host", "a CPU", 1, 24_000, "GF/s", ours, (mkl, torch))


@pytest.fixture
def copied(experiment: Any, tmp_path: Path) -> Any:
    """The experiment without results, elsewhere."""
    (tmp_path / "README.md").write_text((experiment.folder / "README.md").read_text(encoding="utf-8"), encoding="utf-8")
    return replace(experiment, folder=tmp_path)


def test_what_was_stopped_goes_on(copied: Any, contests: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    first, again = Fake(["", "", None]), Fake(["", ""])
    monkeypatch.setattr(contests, "Ring", first)
    with pytest.raises(KeyboardInterrupt):
        copied.run(0.0, copied.sizes, True)
    monkeypatch.setattr(contests, "Ring", again)
    assert copied.run(0.0, copied.sizes[:4], True) == 0
    names = [size.name for size in copied.sizes[:4]]
    assert first.asked == names[:3]
    assert again.asked == names[2:]
    found = json.loads(copied.results.read_text())
    assert [row["name"] for row in found["rows"]] == names
    assert found["rows"][0]["speed"] == {"isamap": 24.0, "mkl": 16.0}
    assert (found["rows"][0]["best"], found["rows"][0]["ratio"]) == ("mkl", 1.5)
    page = (copied.folder / "README.md").read_text(encoding="utf-8")
    assert f"| {names[3]} | 24.0 | 16.0 | wrong | 1.50 | n/8 |" in page
    assert "| mkl | 4 | 1.50 | 1.50 | 4 of 4 |" in page
    assert "over 4 sizes is 1.50 times the speed" in page
    assert "first choice is within 12 % of the best candidate at 4 of 4." in page
    assert f"furthest behind at {names[0]} (1.50), " in page
    assert "isamap, " + names[0] in (copied.folder / "picture.svg").read_text(encoding="utf-8")


def test_a_wrong_result_ends_it_and_is_not_kept(
    copied: Any, contests: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contests, "Ring", Fake(["", "element [0, 0]"]))
    assert copied.run(0.0, copied.sizes[:3], True) == 5
    assert [row["name"] for row in copied.read()["rows"]] == [copied.sizes[0].name]


@pytest.mark.parametrize("how", ["NN", "TN", "NT", "TT"])
def test_what_a_size_means(how: str) -> None:
    contests = sys.modules[type(load(HOUSE / NAMES[0]).EXPERIMENT).__module__]
    work = contests.Size(2, 3, 5, how).kernel(("u8", "s8", "s32"))
    a, b = ("A[k,m]" if how[0] == "T" else "A[m,k]"), ("B[n,k]" if how[1] == "T" else "B[k,n]")
    assert str(work.einsums[0].statement).replace(", ", ",") == f"C[m,n] += s32({a}) * s32({b})"
    assert work.einsums[0].extents == {"m": 2, "n": 3, "k": 5}
