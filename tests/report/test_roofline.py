"""Kernels under roofs: points and lines lie where their numbers say."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from isamap.report.pareto_picture import Series
from isamap.report.roofline_picture import roofline_picture

SERIES = [Series("best", ((1.0, 10.0, "a & b"), (100.0, 80.0, "c"))), Series("isamap", ((10.0, 100.0, "d"),))]
PICTURE = roofline_picture("Roofs", "GF/s", SERIES, 100.0, {"l1": 400.0, "dram": 10.0, "tape": 1e-6})


def numbers(pattern: str) -> list[float]:
    found = re.search(pattern, PICTURE)
    assert found is not None
    return [float(each) for each in found.groups()]


def test_it_is_a_picture_with_a_hint_for_every_point() -> None:
    root = ElementTree.fromstring(PICTURE)
    hints = [each.text for each in root.iter("{http://www.w3.org/2000/svg}title")]
    assert hints == ["Roofs", "dram: 10 GB/s", "a & b", "c", "d"]


def test_a_memory_ends_where_its_bytes_are_enough_for_the_peak() -> None:
    """10 GB/s feed 10 GF/s at one operation per byte and 100 at ten, where the roof is, and the third point."""
    _, _, right, top = numbers(r'<path d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"[^>]*><title>dram')
    (peak,) = numbers(r'<path d="M[\d.]+ ([\d.]+)H[\d.]+" fill="none"')
    across, upward = numbers(r'<circle cx="([\d.]+)" cy="([\d.]+)"[^>]*><title>d<')
    assert (top, right) == (pytest.approx(peak, abs=0.1), pytest.approx(across, abs=0.1))
    assert upward == pytest.approx(peak, abs=0.1)
