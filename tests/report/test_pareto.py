"""The table of a front and the picture of one."""

from __future__ import annotations

import io
from xml.etree import ElementTree

from rich.console import Console, RenderableType

from isamap.report.pareto import figure, front_table, standing
from isamap.report.pareto_picture import Series, picture


def text(part: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=120, markup=False, highlight=False)
    console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_front() -> None:
    settings = [{"spad_kib": 16, "method": None}, {"spad_kib": 32, "method": "auto"}]
    shown = text(front_table("gmed", 9, settings, ["latency_cycles", "target.spad_kib"], [(70123, 16), (69000.5, 32)]))
    assert "gmed: 2 of 9 designs that no other beats in latency_cycles, target.spad_kib" in shown
    rows = [row.split() for row in shown.splitlines() if row.strip()]
    assert rows[1] == ["spad_kib", "method", "latency_cycles"]
    assert rows[3:] == [["16", "-", "70,123"], ["32", "auto", "69,000"]]


def test_a_front_without_designs_says_why() -> None:
    assert "of 9 designs none states all of energy_pj" in text(front_table("gmed", 9, [], ["energy_pj"], []))


def test_a_long_front_is_cut() -> None:
    settings = [{"n": n} for n in range(50)]
    shown = text(front_table("k", 50, settings, ["latency_cycles"], [(n,) for n in range(50)]))
    assert "and 10 more" in shown


def test_what_became_of_the_others() -> None:
    reasons = [("infeasible", "too small")] * 3 + [("defect", f"E{n}\nmore") for n in range(6)]
    shown = text(standing("s", 12, {"done": 3, "infeasible": 3, "defect": 6}, reasons)).splitlines()
    assert shown[:2] == ["s: 12 designs; 3 done, 3 infeasible, 6 defect", "  3 infeasible: too small"]
    assert shown[2] == "  1 defect: E0"
    assert shown[-1] == "  and 2 more reasons; --json has them all"
    assert "none has ended" in text(standing("s", 12, {}, []))


def test_figures() -> None:
    values = [1234567, 1.25, 123456.7, True, None, "s16"]
    assert [figure(value) for value in values] == ["1,234,567", "1.25", "123,457", "true", "-", "s16"]


def test_a_picture_is_svg_with_every_point_inside() -> None:
    series = [Series("8 x 8", ((10.0, 300.0, "a & b"), (40.0, 200.0, "c"))), Series("16 x 16", ((20.0, 90.0, "<d>"),))]
    svg = picture("Front", "area", "cycles", series, front=[(10.0, 300.0), (20.0, 90.0)])
    root = ElementTree.fromstring(svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    points = [node for node in root.iter("{http://www.w3.org/2000/svg}circle") if node.find("*") is not None]
    assert len(points) == 3
    assert all(0 < float(p.attrib["cx"]) < width and 0 < float(p.attrib["cy"]) < height for p in points)
    assert float(points[0].attrib["cx"]) < float(points[2].attrib["cx"]) < float(points[1].attrib["cx"])
    assert float(points[0].attrib["cy"]) < float(points[1].attrib["cy"]) < float(points[2].attrib["cy"])
    titles = [node.text for node in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ["Front", "a & b", "c", "<d>"]
