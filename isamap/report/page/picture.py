"""Pictures that need no script: the timeline at a glance, and a frame for others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isamap.report.figures import count, share
from isamap.report.page.html import Markup, tag
from isamap.report.page.labels import NO_TENSOR
from isamap.report.page.lanes import Lanes, Overview

COLOURS = 8
WIDTH, MARGIN = 1_000, 110
_ROW = 22
CELLS = 200


def colour(tensor: int) -> str:
    """The class that a tensor is drawn in; the style and the script agree on it."""
    return "none" if tensor == NO_TENSOR else f"t{tensor % COLOURS}"


def timeline_picture(drawn: Lanes, seen: Overview, resources: Sequence[str], span: int) -> Markup:
    """A row per lane and resource; ``CELLS`` columns as high as the share of the time that it was busy."""
    rows = [*drawn.names, *resources]
    shares = np.concatenate((seen.shares, seen.resources))
    parts: list[Markup] = []
    for n, name in enumerate(rows):
        top = n * _ROW
        parts.append(tag("text", name, x=MARGIN - 8, y=top + 15, text_anchor="end"))
        parts.append(tag("rect", x=MARGIN, y=top + 2, width=WIDTH - MARGIN, height=_ROW - 4, class_="lane"))
        kinds = seen.tensors[n] if n < len(drawn.names) else np.full(CELLS, NO_TENSOR)
        for kind in np.unique(kinds).tolist():
            shape = _columns(np.where(kinds == kind, shares[n], 0.0), top)
            parts.append(tag("path", d=shape, class_=colour(kind)) if shape else Markup(""))
    height = len(rows) * _ROW + 20
    for x, cycle in ((MARGIN, 0), ((WIDTH + MARGIN) // 2, span // 2), (WIDTH, span)):
        anchor = "start" if x == MARGIN else "end" if x == WIDTH else "middle"
        parts.append(tag("text", count(cycle), x=x, y=height - 4, text_anchor=anchor))
    busy = ", ".join(f"{name} {share(float(s))}" for name, s in zip(rows, shares.mean(axis=1), strict=True))
    return picture("Timeline", f"How busy over {count(span)} cycles: {busy}.", height, parts, "timeline-picture")


def _columns(shares: np.ndarray[tuple[int, ...], np.dtype[np.float64]], top: int) -> str:
    wide, high = (WIDTH - MARGIN) / CELLS, _ROW - 4
    found = []
    for cell in np.flatnonzero(shares > 0).tolist():
        height = max(float(shares[cell]) * high, 1.0)
        found.append(f"M{MARGIN + cell * wide:.1f} {top + _ROW - 2}v-{height:.1f}h{wide:.2f}v{height:.1f}z")
    return "".join(found)


def picture(title: str, words: str, height: int, parts: Sequence[Markup], name: str) -> Markup:
    head = (tag("title", title, id=f"{name}-title"), tag("desc", words, id=f"{name}-words"))
    labelled = f"{name}-title {name}-words"
    return tag("svg", *head, *parts, viewBox=f"0 0 {WIDTH} {height}", role="img", id=name, aria_labelledby=labelled)
