"""How well a model ranked: its first choice beside the best, and all ranks beside each other."""

from __future__ import annotations

import pytest

from isamap.ir.ranking import Ranking


def test_a_perfect_ranking() -> None:
    found = Ranking((1.0, 2.0, 3.0), (10.0, 20.0, 40.0))
    assert (found.regret, found.correlation) == (0.0, pytest.approx(1.0))


def test_a_ranking_upside_down() -> None:
    found = Ranking((1.0, 2.0, 3.0), (40.0, 20.0, 10.0))
    assert (found.regret, found.correlation) == (3.0, pytest.approx(-1.0))


def test_equal_figures_share_their_rank() -> None:
    """Ranks 0, 1.5, 1.5, 3 beside 0, 1, 2, 3: Spearman's 4.5 / sqrt(4.5 * 5)."""
    found = Ranking((1.0, 2.0, 2.0, 5.0), (1.0, 2.0, 3.0, 4.0))
    assert found.correlation == pytest.approx(4.5 / (4.5 * 5.0) ** 0.5)


def test_where_nothing_is_told_apart_there_is_no_correlation() -> None:
    assert Ranking((1.0, 1.0), (1.0, 2.0)).correlation is None
