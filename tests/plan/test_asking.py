"""Candidates looked at in processes: the same answer as here, and none the worse where processes die."""

from __future__ import annotations

import os
import signal

import pytest

from isamap.compile import Options, compile_workload
from isamap.compiled import Compiled
from isamap.plan import asking
from isamap.plan.asking import Asking
from isamap.plan.together import Looked, Together
from isamap.spec import load_target, load_workload


def compiled(limit_s: float = 60.0, **more: object) -> Compiled:
    work = load_workload("gemm", {"M": 2, "N": 16, "K": 8})
    return compile_workload(work, load_target("vliw4"), Options("exact", time_limit_s=limit_s, workers=2, **more))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def here() -> Compiled:
    """All candidates looked at in this process, which takes a few seconds."""
    return compiled(deterministic=True)


def test_processes_side_by_side_prove_the_same(here: Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_ALONE_S", 0.0)
    monkeypatch.setattr(asking, "_MANY", 1)
    others: list[bool] = []
    plain = Asking.ask

    def counted(self: Asking, candidate: Together, below: float, bound: float) -> asking.Answer | None:
        answer = plain(self, candidate, below, bound)
        others.append(answer is not None and not answer.done())
        return answer

    monkeypatch.setattr(Asking, "ask", counted)
    found = compiled()
    assert found.checked
    assert found.certificate is not None
    assert here.certificate is not None
    assert (found.solved.value, found.solved.bound) == (here.solved.value, here.solved.bound) == (30.0, 30.0)
    assert found.certificate.candidates == here.certificate.candidates
    assert sum(others) > 20


def test_a_process_that_dies_leaves_its_candidate_open(here: Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_ALONE_S", 0.0)
    monkeypatch.setattr(asking, "_MANY", 1)
    monkeypatch.setattr(asking, "look", dying)
    found = compiled(3.0)
    assert found.checked
    assert found.solved.value is not None
    assert found.solved.bound is not None
    assert found.solved.bound <= 30.0 <= found.solved.value


def test_a_defect_in_a_process_is_not_taken_for_an_open_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_ALONE_S", 0.0)
    monkeypatch.setattr(asking, "_MANY", 1)
    monkeypatch.setattr(asking, "look", int)  # which takes no candidate
    with pytest.raises(TypeError):
        compiled(10.0)


def dying(*given: object) -> Looked:
    """Stands for a solver that takes all memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError
