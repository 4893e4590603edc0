"""HTML is whole and escaped, whatever it shows; columns come back as they went in."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.report.page.html import Markup, bar, table, tag
from isamap.report.page.pack import as_script, packed, unpacked


def test_text_is_escaped_and_markup_is_not() -> None:
    assert tag("p", "a < b & c", Markup("<b>x</b>")) == "<p>a &lt; b &amp; c<b>x</b></p>"
    assert tag("p", '"', title='"><script>') == '<p title="&quot;&gt;&lt;script&gt;">&quot;</p>'


def test_attributes() -> None:
    assert tag("a", class_="k", aria_label="x", hidden=True, id=None, data_n=0) == (
        '<a class="k" aria-label="x" hidden data-n="0"></a>'
    )
    assert tag("meta", name="viewport") == '<meta name="viewport">'


def test_a_table_heads_its_rows_and_columns() -> None:
    shown = table("Peaks", ("memory", "bytes"), [("a<b", "3"), ("c", "4")], right=("bytes",))
    assert "<caption>Peaks</caption>" in shown
    assert shown.count('scope="col"') == shown.count('scope="row"') == 2
    assert '<th scope="row">a&lt;b</th><td class="number">3</td>' in shown


@pytest.mark.parametrize(("fraction", "width"), [(0.5, "50.00%"), (1.7, "100.00%"), (-1, "0.00%")])
def test_a_bar_stays_in_its_cell(fraction: float, width: str) -> None:
    assert f"width:{width}" in bar(fraction)


@given(st.lists(st.integers(-(2**31), 2**52)))
def test_columns_come_back(numbers: list[int]) -> None:
    column = np.array(numbers, dtype=np.int64)
    assert unpacked(packed(column)).astype(np.int64).tolist() == numbers


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [([0, 255], "u1"), ([-1, 3], "i1"), ([256], "u2"), ([-200], "i2"), ([65536], "u4"), ([-40000], "i4"),
     ([1 << 32], "f8")],
)  # fmt: skip
def test_columns_are_as_narrow_as_they_fit(numbers: list[int], kind: str) -> None:
    assert packed(np.array(numbers))["type"] == kind


@given(st.text())
def test_nothing_ends_the_script_element(text: str) -> None:
    element = as_script("data", {"name": text + "</script><!--"})
    inside = element.removeprefix('<script type="application/json" id="data">').removesuffix("</script>")
    assert "<" not in inside
    assert json.loads(inside) == {"name": text + "</script><!--"}
