"""Two rankings that learn: boosted trees on how far a candidate is from the best of its kernel, and a line through
pairs of candidates of which one is better.

Both see a candidate's features and how they differ from the least among the candidates of its kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from isamap.explore import Trial, features_of
from isamap.plugins import Candidate

_PAIRS = 200  # per kernel


class Model(Protocol):
    def fit(self, groups: Sequence[Any], cycles: Sequence[Any]) -> None: ...

    def score(self, group: Any) -> Any:
        """A number per candidate, least for what is to be scheduled first."""


class Table:
    """Candidates of a kernel as rows; the columns are those of the kernels that were learned from."""

    def __init__(self, groups: Sequence[Sequence[Candidate]]) -> None:
        self.columns = sorted({name for group in groups for part in group for name in features_of(*part)})

    def rows(self, group: Sequence[Candidate]) -> Any:
        described = [features_of(*part) for part in group]
        absolute = np.array([[one.get(name, 0.0) for name in self.columns] for one in described])
        return np.hstack([absolute - absolute.min(axis=0), absolute])


class Trees:
    """The square root of the logarithm of a candidate's cycles over the best one's: differences near the best count."""

    def __init__(self, seed: int = 0) -> None:
        self.model = GradientBoostingRegressor(
            n_estimators=300, learning_rate=0.05, max_depth=5, min_samples_leaf=5, subsample=0.6, max_features=0.3,
            random_state=seed,
        )  # fmt: skip

    def fit(self, groups: Sequence[Any], cycles: Sequence[Any]) -> None:
        wanted = [np.sqrt(np.log(one / one.min())) for one in cycles]
        weights = [np.full(len(one), 1 / len(one)) for one in cycles]
        self.model.fit(np.vstack(groups), np.concatenate(wanted), sample_weight=np.concatenate(weights))

    def score(self, group: Any) -> Any:
        return self.model.predict(group)


class Pairs:
    """Logistic regression on the difference of two candidates of a kernel: which one is faster? (After R. Herbrich,
    T. Graepel and K. Obermayer, "Large margin rank boundaries for ordinal regression", 2000.)"""

    def __init__(self, seed: int = 0) -> None:
        self.draw = np.random.default_rng(seed)
        self.model = make_pipeline(StandardScaler(with_mean=False), LogisticRegression(C=0.1, max_iter=500))

    def fit(self, groups: Sequence[Any], cycles: Sequence[Any]) -> None:
        differences, faster = [], []
        for rows, taken in zip(groups, cycles, strict=True):
            one, other = self.draw.integers(len(taken), size=(2, _PAIRS))
            kept = taken[one] != taken[other]
            differences.append((rows[one] - rows[other])[kept])
            faster.append((taken[one] < taken[other])[kept])
        self.model.fit(np.vstack(differences), np.concatenate(faster))

    def score(self, group: Any) -> Any:
        return -self.model.decision_function(group)


def cycles_of(trials: Sequence[Trial]) -> Any:
    return np.array([trial.latency_cycles for trial in trials], dtype=float)
