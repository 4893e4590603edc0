"""A worker: results, errors, limits; and what becomes of a process that dies, or whose parent does."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from isamap.worker import Died, Worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    one = Worker()
    yield one
    one.stop()


def test_results_and_errors_come_back(worker: Worker) -> None:
    assert worker.start(math.factorial, 5).result() == 120
    with pytest.raises(ValueError, match="negative"):
        worker.start(math.factorial, -1).result()
    process = worker.start(os.getpid).result()
    assert process == worker.start(os.getpid).result() != os.getpid()


def test_the_limit_kills_and_the_next_job_has_a_new_process(worker: Worker) -> None:
    before = worker.start(os.getpid, limit_s=60.0).result()
    with pytest.raises(TimeoutError, match=r"0\.2 s"):
        worker.start(time.sleep, 60, limit_s=0.2).result()
    assert worker.start(os.getpid).result() != before


def test_a_process_that_dies_is_an_error_of_its_job_alone(worker: Worker) -> None:
    with pytest.raises(Died, match="terminated"):
        worker.start(os.kill, worker.start(os.getpid).result(), signal.SIGKILL).result()
    idle = worker.start(os.getpid).result()
    os.kill(idle, signal.SIGKILL)
    time.sleep(0.5)
    assert worker.start(math.factorial, 4).result() == 24


def test_a_process_does_so_many_jobs_at_most() -> None:
    worker = Worker(most_jobs=2)
    processes = [worker.start(os.getpid).result() for _ in range(4)]
    worker.stop()
    assert processes[0] == processes[1] != processes[2] == processes[3]


def test_a_stopped_worker_leaves_nothing_open(worker: Worker) -> None:
    future = worker.start(time.sleep, 60)
    worker.stop()
    with pytest.raises(Died):
        future.result(timeout=10)


SCRIPT = """
import os, sys, time
from isamap.worker import Died, Worker
print("main", flush=True)
one = Worker()
print(one.start(os.getpid).result(), flush=True)
try:
    one.start(time.sleep, 600).result()
finally:
    one.stop()
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are found by /proc")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_process_ends_with_its_parent_and_does_not_run_its_script(end: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "unguarded.py"
    path.write_text(SCRIPT)
    parent = subprocess.Popen(
        [sys.executable, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "main\n"
    child = int(parent.stdout.readline())
    os.killpg(parent.pid, end) if end == signal.SIGINT else os.kill(parent.pid, end)
    assert "main" not in parent.communicate(timeout=20)[0]
    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().rpartition(")")[2][:3]:
        assert time.monotonic() < deadline, "the process outlives its parent"
        time.sleep(0.05)
