"""Whatever is killed, nothing that is done is lost or done twice: a worker, the sweep itself, Ctrl-C, time limits."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from isamap.errors import InputError
from isamap.explore import Standing, sweep_designs
from isamap.explore.grid import jobs_of
from isamap.explore.run import read_sweep
from isamap.explore.store import Store
from tests.explore.sweeps import gemms


def kill_workers() -> None:
    for process in multiprocessing.active_children():
        if process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)


def after(ended: int, act: Callable[[], None]) -> Callable[[Standing], None]:
    """Acts once so many jobs have ended."""
    return lambda standing: act() if standing.ended == ended else None


def mid_job() -> None:
    threading.Timer(0.3, kill_workers).start()


def idle_and_seen() -> None:
    kill_workers()
    time.sleep(0.5)


@pytest.mark.parametrize("kill", [mid_job, kill_workers, idle_and_seen])
def test_a_killed_worker_costs_one_try_of_one_job(kill: Callable[[], None], tmp_path: Path) -> None:
    plan = gemms(4, 24, 5)
    path = tmp_path / "s.sqlite"
    swept = sweep_designs(plan, store=path, progress=after(1, kill))
    assert swept.counts == {"done": 3}
    keys = [job.key for job in jobs_of(read_sweep(plan))]
    with Store(path) as store:
        tries = store.attempts()
    assert (tries[keys[0]], tries[keys[2]]) == (1, 1)
    assert tries[keys[1]] == 2 or (tries[keys[1]] == 1 and kill is not mid_job)


def test_a_job_whose_worker_dies_too_often_is_given_up_and_tried_when_resumed(tmp_path: Path) -> None:
    plan = gemms(4, 24, 5, more="jobs: 1\nretries: 0")
    path = tmp_path / "s.sqlite"
    swept = sweep_designs(plan, store=path, progress=after(1, mid_job))
    assert swept.counts == {"done": 2, "died": 1}
    assert "its worker died 1 time" in swept.results[1].record["reason"]
    assert sweep_designs(plan, store=path, resume=True).counts == {"done": 3}


def test_a_job_that_takes_too_long_is_killed_and_tried_again_only_with_more_time(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    plan = gemms(4, 200, 5, more="jobs: 1\njob_time_limit_s: 2")
    swept = sweep_designs(plan, store=path)
    assert [result.outcome.state for result in swept.results] == ["done", "timeout", "done"]
    assert "job_time_limit_s: 2" in swept.results[1].record["reason"]
    assert sweep_designs(plan, store=path, resume=True).to_json() == swept.to_json()
    with Store(path) as store:
        assert set(store.attempts().values()) == {1}
        job = swept.results[0].job
        store.keep(job.key, swept.results[1].outcome, job.settings, 2.0)
    longer = sweep_designs(gemms(4, 5, more="jobs: 1\njob_time_limit_s: 30"), store=path, resume=True)
    assert longer.counts == {"done": 2}
    with Store(path) as store:
        assert store.attempts()[job.key] == 2


def test_a_full_store_ends_the_sweep_and_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain_open = Store._open

    def small(store: Store) -> None:
        plain_open(store)
        (pages,) = store._database.execute("PRAGMA page_count").fetchone()
        store._database.execute(f"PRAGMA max_page_count = {pages + 1}")

    monkeypatch.setattr(Store, "_open", small)
    plan = gemms(*range(3, 8))
    path = tmp_path / "s.sqlite"
    with pytest.raises(InputError, match=r"s\.sqlite: database or disk is full; what it holds is safe"):
        sweep_designs(plan, store=path)
    monkeypatch.undo()
    keys = [job.key for job in jobs_of(read_sweep(plan))]
    with Store(path) as store:
        before = store.results(keys)
    assert 0 < len(before) < 5
    assert sweep_designs(plan, store=path, resume=True).counts == {"done": 5}
    with Store(path) as store:
        assert all(store.attempts()[key] == 1 for key in before)


class Command:
    """``isamap sweep`` in a session of its own."""

    def __init__(self, plan: str, folder: Path, *options: str) -> None:
        (folder / "s.yaml").write_text(plan)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "isamap", "sweep", "s.yaml", *options],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def wait_for(self, ended: int) -> str:
        """What stands on stderr until at least so many jobs have ended."""
        said = ""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            said += line
            progress = re.match(r"(\d+)/", line)
            if progress and int(progress[1]) >= ended:
                return said
        pytest.fail(f"the sweep ended: {said}")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found by /proc")
def test_a_killed_sweep_goes_on_where_it_was(tmp_path: Path) -> None:
    plan = gemms(4, 5, 28, 6, 7)
    command = Command(plan, tmp_path)
    command.wait_for(2)
    pid = command.process.pid
    workers = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    os.kill(pid, signal.SIGKILL)
    command.process.communicate()
    deadline = time.monotonic() + 20
    while any(map(is_alive, workers)):
        assert time.monotonic() < deadline, "a worker outlives its sweep"
        time.sleep(0.05)
    keys = [job.key for job in jobs_of(read_sweep(plan))]
    with Store(tmp_path / "s.sqlite") as store:
        before = store.results(keys)
    assert 2 <= len(before) < 5
    swept = sweep_designs(plan, store=tmp_path / "s.sqlite", resume=True)
    assert swept.counts == {"done": 5}
    with Store(tmp_path / "s.sqlite") as store:
        after, tries = store.results(keys), store.attempts()
    assert all(tries[key] == 1 and after[key] == before[key] for key in before)
    assert all(tries[key] <= 2 for key in keys)


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    command = Command(gemms(4, 5, 200), tmp_path, "--json")
    command.wait_for(2)
    os.killpg(command.process.pid, signal.SIGINT)  # as a terminal does: to the sweep and to its workers
    stdout, stderr = command.process.communicate(timeout=30)
    assert command.process.returncode == 0
    assert "Traceback" not in stderr
    assert "stopped after 2 of 3 designs" in stderr
    record = json.loads(stdout)
    assert record["sweep"]["stopped"] is True
    assert [result["state"] for result in record["results"]] == ["done", "done"]
