"""How well a model ranked what was then measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ranking:
    """Of each candidate, the model's best first: the cycles that it was thought to take, and the seconds it took."""

    estimated_cycles: tuple[float, ...]
    measured_s: tuple[float, ...]

    @property
    def regret(self) -> float:
        """How much longer the model's first choice took than the best measured: 0 where it was the best."""
        return self.measured_s[0] / min(self.measured_s) - 1

    @property
    def correlation(self) -> float | None:
        """Spearman's: of the ranks by the model and by measurement; None where one of them tells nothing apart."""
        one, other = _ranks(self.estimated_cycles), _ranks(self.measured_s)
        mean = (len(one) - 1) / 2
        apart = [sum((rank - mean) ** 2 for rank in ranks) for ranks in (one, other)]
        if not all(apart):
            return None
        together = sum((a - mean) * (b - mean) for a, b in zip(one, other, strict=True))
        return float(together / (apart[0] * apart[1]) ** 0.5)


def _ranks(figures: Sequence[float]) -> list[float]:
    """Of each figure its place in order, from 0; equal figures share the mean of theirs."""
    order = sorted(figures)
    return [order.index(figure) + (order.count(figure) - 1) / 2 for figure in figures]
