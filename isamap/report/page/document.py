"""The whole page: style, tables, pictures, and the columns that its script draws from."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np

from isamap.report.figures import count
from isamap.report.page.computation import computation, origin
from isamap.report.page.headline import headline, problems
from isamap.report.page.html import Markup, join, note, section, tag
from isamap.report.page.labels import NO_TENSOR, Labels, label
from isamap.report.page.lanes import Lanes, Overview, lanes, overview
from isamap.report.page.memory_map import MemoryMap, memory_maps
from isamap.report.page.pack import as_script, packed
from isamap.report.page.picture import CELLS, COLOURS, colour, timeline_picture
from isamap.report.page.rerun import Rerun
from isamap.report.page.search import search
from isamap.report.page.trace import Trace
from isamap.report.page.use import movement, use
from isamap.report.page.values import events
from isamap.report.page.windows import MOST_ISSUES, held_issues, holdings, issue_columns, operations, windows

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
_KEYS = "Wheel or + and - zoom, dragging moves, 0 shows all; with the keyboard, arrows go from issue to issue."


def render(rerun: Rerun, most_issues: int = MOST_ISSUES) -> str:
    """The page as HTML; it needs nothing beside itself, and its tables and pictures no script. A program of more than
    ``most_issues`` is drawn one by one at its beginning and end only."""
    work, target = rerun.result.work, rerun.result.target
    drawn = _drawn(rerun.trace, most_issues) if rerun.trace is not None and len(rerun.trace) else Markup("")
    main = tag("main", headline(rerun), problems(rerun.violations), drawn, use(rerun), movement(rerun),
               computation(rerun), search(rerun), origin(rerun))  # fmt: skip
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{work.name} on {target.name}"),
        tag("style", Markup(_packaged("page.css"))),
    )
    body = tag("body", main, tag("script", Markup(_packaged("page.js"))))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _packaged(name: str) -> str:
    return files("isamap.report.page").joinpath(name).read_text(encoding="utf-8")


def _drawn(trace: Trace, most_issues: int) -> Markup:
    """Timeline and memory map, and the data that the script draws them from."""
    accesses = events(trace)
    labels = label(trace, accesses)
    drawn = lanes(trace)
    seen = overview(trace, drawn, labels)
    shown = windows(trace, most_issues)
    maps = memory_maps(trace, accesses, labels, shown)
    legend = _legend(trace, labels)
    canvas = _canvas("timeline", "Timeline: arrow keys go from issue to issue, plus and minus zoom")
    picture = timeline_picture(drawn, overview(trace, drawn, labels, CELLS), trace.resources, trace.span)
    lead = note(
        "A lane per queue, then ports, buses and banks; where there are more issues than pixels, the height of a "
        f"column is the share of the time that was busy. {_KEYS}"
    )
    timeline = section("Timeline", "time", lead, legend, tag("figure", picture, canvas), _readout(),
                       _said_of_windows(shown, trace))  # fmt: skip
    memory = section("Memory", "memory", note(_said_of_memory()), *(_memory(m, trace) for m in maps))
    return join((timeline, memory, as_script("data", embedded(trace, drawn, labels, seen, shown, maps))))


def embedded(
    trace: Trace,
    drawn: Lanes,
    labels: Labels,
    seen: Overview,
    shown: list[tuple[int, int]],
    maps: tuple[MemoryMap, ...],
) -> dict[str, Any]:
    """What the page's script reads."""
    return {
        "span": trace.span,
        "colours": COLOURS,
        "tensors": trace.tensors,
        "lanes": drawn.names,
        "resources": trace.resources,
        "windows": shown,
        "holdings": holdings(trace),
        "operations": operations(trace, labels),
        "issues": issue_columns(trace, drawn, labels, held_issues(trace, drawn, shown)),
        "overview": {
            "bins": seen.shares.shape[1],
            "shares": packed(_bytes(seen.shares)),
            "tensors": packed(seen.tensors.reshape(-1)),
            "resources": packed(_bytes(seen.resources)),
        },
        "memories": [_embedded_map(m, trace) for m in maps],
    }


def _bytes(shares: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Shares in 255ths; a little is never nothing."""
    return np.ceil(shares.reshape(-1) * 255 - 1e-9).astype(np.int64)


def _embedded_map(found: MemoryMap, trace: Trace) -> dict[str, Any]:
    names = ("low", "high", "start", "end", "tensor", "writer")
    columns = {name: packed(getattr(found, name)) for name in names}
    capacity = trace.target.memory(found.sampling.memory).capacity_bytes
    return {"name": found.sampling.memory, "capacity": capacity, "top": int(found.high.max(initial=1)), **columns}


def _legend(trace: Trace, labels: Labels) -> Markup:
    used = np.unique(np.concatenate((labels.issue, labels.value))).tolist()
    keys = [tag("span", trace.tensors[n], class_=f"key {colour(n)}") for n in used if n != NO_TENSOR]
    other = [tag("span", "of no known tensor", class_="key none")] if NO_TENSOR in used else []
    return tag("p", "The tensor carried or computed: ", *keys, *other, class_="legend")


def _canvas(name: str, says: str) -> Markup:
    return tag("canvas", says, id=name, tabindex=0, role="application", aria_label=says, aria_describedby="readout")


def _readout() -> Markup:
    buttons = [
        tag("button", shown, type="button", data_do=does, aria_label=says)
        for shown, does, says in (("+", "in", "zoom in"), ("\u2212", "out", "zoom out"), ("all", "all", "show all"),
                                  ("start", "start", "show the start"), ("end", "end", "show the end"))
    ]  # fmt: skip
    line = tag(
        "p", "Point at an issue, or focus the timeline and press an arrow key.", id="readout", aria_live="polite"
    )
    return tag("div", tag("div", *buttons, class_="buttons"), tag("output", id="range"), line, class_="controls")


def _said_of_windows(shown: list[tuple[int, int]], trace: Trace) -> Markup:
    if len(shown) == 1:
        return note(f"All {count(len(trace))} issues are in this page.")
    (_, early), (late, _) = shown
    return note(
        f"The program has {count(len(trace))} issues: those before cycle {count(early)} and from cycle {count(late)} "
        "on are in this page one by one, the rest as shares of busy time."
    )


def _said_of_memory() -> str:
    return (
        "Addresses upward, cycles to the right, as above: from the issue that writes a byte anew to its last access "
        "before the next one that does."
    )


def _memory(found: MemoryMap, trace: Trace) -> Markup:
    sampling = found.sampling
    capacity = trace.target.memory(sampling.memory).capacity_bytes
    said = f"{count(int(found.high.max(initial=0)))} of {count(capacity)} bytes used"
    if not sampling.exact:
        said += f"; one address in {count(sampling.step_bytes)} bytes was looked at"
    if found.step_cycles > 1:
        said += f"; away from beginning and end one cycle in {count(found.step_cycles)} was looked at"
    canvas = _canvas(f"memory-{sampling.memory}", f"Memory map of {sampling.memory}: {said}")
    caption = tag("figcaption", tag("strong", sampling.memory), f": {said}")
    return tag("figure", caption, tag("noscript", "The map needs JavaScript."), canvas)
