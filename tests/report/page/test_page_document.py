"""The page is whole HTML, fetches nothing, and its data are those of the simulation."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from isamap.report.page import Rerun, render, run_again
from isamap.report.page.html import Markup
from isamap.report.page.pack import unpacked
from tests.pages import MACHINES, rerun_of_two, rerun_on, result_on

VOID = {"meta", "link", "br"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


class Reader(HTMLParser):
    """Notes what is open, what was closed wrongly, ids, and every attribute."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words += data

    def values(self, attribute: str) -> list[str]:
        return [value for _, name, value in self.attributes if name == attribute]


def all_pages() -> list[Any]:
    return [*(pytest.param(rerun_on, (m,), id=m) for m in MACHINES), pytest.param(rerun_of_two, (), id="two")]


def data_of(page: str) -> dict[str, Any]:
    (text,) = _DATA.findall(page)
    record = json.loads(text)
    assert isinstance(record, dict)
    return record


@pytest.mark.parametrize(("rerun", "arguments"), all_pages())
def test_a_page_is_whole(rerun: Any, arguments: tuple[str, ...]) -> None:
    reader = Reader(render(rerun(*arguments)))
    assert reader.open == reader.wrong == []
    ids = reader.values("id")
    assert len(ids) == len(set(ids))
    referred = " ".join(reader.values("aria-labelledby") + reader.values("aria-describedby")).split()
    assert set(referred) <= set(ids)
    assert reader.seen.count("table") == reader.seen.count("caption") >= 5
    assert reader.seen.count("svg") <= reader.seen.count("desc")


@pytest.mark.parametrize(("rerun", "arguments"), all_pages())
def test_a_page_fetches_nothing(rerun: Any, arguments: tuple[str, ...]) -> None:
    page = render(rerun(*arguments))
    reader = Reader(page)
    assert not re.search(
        r"https?:|//[a-z]|@import|url\(|\bfetch\(|XMLHttpRequest|WebSocket|import\(", _DATA.sub("", page)
    )
    assert reader.values("src") == []
    assert reader.values("href") == ["data:,"]
    assert any("default-src 'none'" in value for value in reader.values("content"))


@pytest.mark.parametrize("machine", MACHINES)
def test_a_page_says_what_the_run_did(machine: str) -> None:
    rerun = rerun_on(machine)
    run, work = rerun.simulation, rerun.result.work
    words = Reader(render(rerun)).words
    shown = [work.name, rerun.result.target.name, f"{run.latency_cycles:,}", "checked", *run.stalls, *run.queues]
    shown += [f"{moved:,}" for moved in run.traffic_bytes.values()]
    shown += [tensor.name for tensor in work.tensors]
    shown += [einsum.statement for einsum in work.einsums]
    assert [text for text in shown if text not in words] == []


@pytest.mark.parametrize("machine", MACHINES)
def test_the_data_are_those_of_the_simulation(machine: str) -> None:
    rerun = rerun_on(machine)
    run, data = rerun.simulation, data_of(render(rerun))
    issues = {name: unpacked(column).astype(int) for name, column in data["issues"].items()}
    assert issues["start"].tolist() == run.start[issues["number"]].tolist()
    assert (issues["start"] + issues["done"]).tolist() == run.end[issues["number"]].tolist()
    assert data["span"] == max(run.end.tolist())
    bins = data["overview"]["bins"]
    for name in ("shares", "tensors"):
        assert len(unpacked(data["overview"][name])) == bins * len(data["lanes"])
    tops = {memory["name"]: max(unpacked(memory["high"]).tolist()) for memory in data["memories"]}
    assert tops == run.peak_bytes


def test_what_a_kernel_is_called_cannot_break_the_page() -> None:
    evil = "<script>alert(1)</script>&"
    result = result_on("tiny")
    rerun = run_again(replace(result, summary={**result.summary, "status": evil, "certificate": f'"{evil}'}))
    page = render(rerun)
    assert "<script>alert" not in page
    assert not isinstance(evil, Markup)
    assert Reader(page).words.count(evil) == 2


def test_a_large_program_says_what_is_left_out() -> None:
    rerun = rerun_on("tiles")
    page = render(rerun, most_issues=rerun.simulation.issues // 2)
    assert "are in this page one by one, the rest as shares of busy time" in page
    assert len(data_of(page)["windows"]) == 2
    assert len(unpacked(data_of(page)["issues"]["start"])) < rerun.simulation.issues


@pytest.fixture
def browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser on PATH: none of {', '.join(BROWSERS)} (Debian: apt-get install chromium)")
    return found


_ACTS = """<script>
const canvas = document.getElementById("timeline"), box = canvas.getBoundingClientRect();
const press = (key) => canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
press("ArrowRight");
root = document.documentElement;
root.dataset.first = document.getElementById("readout").textContent;
press("ArrowRight"); press("ArrowDown"); press("+"); press("-"); press("End"); press("Escape");
for (const one of document.querySelectorAll("canvas")) {
  const at = { clientX: box.left + 300, clientY: one.getBoundingClientRect().top + 12, pointerId: 1, bubbles: true };
  one.dispatchEvent(new PointerEvent("pointermove", at));
  one.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: -400, cancelable: true }));
}
for (const button of document.querySelectorAll("button")) button.click();
root.dataset.acted = "true";
</script></body>"""


@pytest.mark.parametrize(("rerun", "most"), [("tiny", 30_000), ("p16", 30_000), ("tiles", 40), (None, 30_000)])
def test_the_script_runs_in_a_browser(rerun: str | None, most: int, browser: str, tmp_path: Path) -> None:
    chosen: Rerun = rerun_on(rerun) if rerun else rerun_of_two()
    path = tmp_path / "page.html"
    page = render(chosen, most)
    path.write_text(page.replace("</body>", _ACTS), encoding="utf-8")
    options = ["--headless", "--disable-gpu", "--no-sandbox", "--enable-logging=stderr", "--v=0",
               "--virtual-time-budget=3000", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]  # fmt: skip
    done = subprocess.run([browser, *options, path.as_uri()], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    root = dict(re.findall(r'data-([a-z]+)="([^"]*)"', done.stdout[: done.stdout.index("<head>")]))
    assert (root["ready"], root["acted"]) == ("true", "true")
    assert int(root["issues"]) == len(unpacked(data_of(page)["issues"]["start"]))
    assert root["first"].startswith("issue ")
    assert "cycles" in root["first"]
