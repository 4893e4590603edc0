"""Projects (.sm) and job shops: what they say, and each mistake with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from isamap.ir.loop_body import Hold
from isamap.ir.task_graph import Job, TaskGraph
from isamap.spec import SpecError
from isamap.spec.job_shop import read_job_shop
from isamap.spec.project import read_project

PROJECT = """\
************************************************************************
file with basedata            : example.bas
************************************************************************
projects                      :  1
jobs (incl. supersource/sink ):  4
horizon                       :  9
RESOURCES
  - renewable                 :  2   R
  - nonrenewable              :  0   N
  - doubly constrained        :  0   D
************************************************************************
PROJECT INFORMATION:
pronr.  #jobs rel.date duedate tardcost  MPM-Time
    1      2      0        7        2        7
************************************************************************
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          2           2   3
   2        1          1           4
   3        1          1           4
   4        1          0
************************************************************************
REQUESTS/DURATIONS:
jobnr. mode duration  R 1  R 2
------------------------------------------------------------------------
  1      1     0       0    0
  2      1     5       2    0
  3      1     4       1    3
  4      1     0       0    0
************************************************************************
RESOURCEAVAILABILITIES:
  R 1  R 2
    2    3
************************************************************************
"""
SHOP = """\
#+++++++++++++
# instance two
A text may stand here
2 3
0 5 2 1  1 4
2  3 1 2 0 0
"""


def written(folder: Path, text: str, name: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_project(tmp_path: Path) -> None:
    assert read_project(written(tmp_path, PROJECT, "x.sm")) == TaskGraph(
        (Job((), 0), Job((Hold("R1", 2, 5),), 5), Job((Hold("R1", 1, 4), Hold("R2", 3, 4)), 4), Job((), 0)),
        ((0, 1, 0), (0, 2, 0), (1, 3, 5), (2, 3, 4)),
        (("R1", 2), ("R2", 3)),
    )


def test_a_project_with_other_line_ends(tmp_path: Path) -> None:
    graph = read_project(written(tmp_path, PROJECT, "x.sm"))
    (tmp_path / "crlf.sm").write_bytes(PROJECT.replace("\n", "\r\n").encode())
    assert read_project(tmp_path / "crlf.sm") == graph


def test_a_job_shop(tmp_path: Path) -> None:
    graph = read_job_shop(written(tmp_path, SHOP, "two"))
    holds = [(job.holds[0].resource, job.end_cycles) for job in graph.jobs]
    assert holds == [(f"machine {m}", c) for m, c in [(0, 5), (2, 1), (1, 4), (2, 3), (1, 2), (0, 0)]]
    assert graph.arcs == ((0, 1, 5), (1, 2, 1), (3, 4, 3), (4, 5, 2))
    assert graph.capacities == (("machine 0", 1), ("machine 1", 1), ("machine 2", 1))


def refused(path: Path, read: object) -> str:
    with pytest.raises(SpecError) as caught:
        read(path)  # type: ignore[operator]
    return str(caught.value).splitlines()[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("jobs (incl", "tasks (incl", "x.sm:35:1: file: expected a line 'jobs : number', got the end of the file"),
        ("projects                      :  1", "projects  :  2",
         "x.sm:4:1: projects: expected 1: one project with renewable resources only, got 2"),
        ("nonrenewable              :  0", "nonrenewable  :  2",
         "x.sm:9:1: nonrenewable: expected 0: one project with renewable resources only, got 2"),
        ("    1      2      0  ", "    1      2      3  ",
         "x.sm:14:1: release date: expected 0: a project that may begin at once, got 3"),
        ("   2        1          1 ", "   2        3          1 ",
         "x.sm:19:1: modes: expected 1: projects whose jobs have several modes are not read, got 3"),
        ("   2        1          1           4", "   2        1          2           4",
         "x.sm:19:1: successors: expected job 2, its modes, how many jobs follow it, and those, got '2"),
        ("   3        1          1           4\n", "",
         "x.sm:20:1: precedence relations: expected 4 lines of numbers, got 3 lines"),
        ("1           4\n   4", "1           7\n   4", "x.sm:20:1: successors: expected jobs of 1 .. 4, got 7"),
        ("2           2   3", "2           2   x",
         "x.sm:18:40: successors: expected a whole number of at least 0, got 'x'"),
        ("2      1     5", "2      1     -5", "x.sm:27:16: requests: expected a whole number of at least 0, got '-5'"),
        ("5       2    0", "5       2", "x.sm:27:1: requests: expected 5 numbers, got 4 numbers"),
        ("  3      1     4", "  3      2     4", "x.sm:28:1: requests: expected job 3 in mode 1, got job 3 in mode 2"),
        ("    2    3\n", "    2\n", "x.sm:33:1: amounts: expected 2 numbers, got 1 numbers"),
        ("    2    3\n", "    1    3\n", "x.sm:33:1: jobs: expected an amount of R1 R2 within its capacity"),
        ("   4        1          0", "   4        1          1     1", "x.sm:33:1: arcs: expected no circle, got"),
        ("RESOURCEAVAILABILITIES", "AMOUNTS", "x.sm:35:1: resourceavailabilities: expected 1 lines of numbers, got 0"),
    ],
)  # fmt: skip
def test_mistakes_of_a_project(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert PROJECT.count(old) == 1
    assert refused(written(tmp_path, PROJECT.replace(old, new), "x.sm"), read_project).startswith(message)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2 3\n0", "2 x\n0", "two:7:1: file: expected a line with the numbers of jobs and machines, got the end"),
        ("2 3\n0", "0 3\n0", "two:4:1: size: expected at least one job and one machine, got '0 3'"),
        ("2 3\n0", "3 3\n0", "two:6:1: jobs: expected a line for each of 3 jobs, got 2 lines"),
        ("2 3\n0", "1 3\n0", "two:6:1: jobs: expected a line for each of 1 jobs, got 2 lines"),
        ("0 5 2 1", "0 5 2 a", "two:5:7: job 0: expected a whole number of at least 0, got 'a'"),
        ("1 2 0 0", "1 2", "two:6:1: job 1: expected 6 numbers, got 4 numbers"),
        ("1 2 0 0", "1 2 1 0", "two:6:1: job 1: expected each of the machines 0 .. 2 once, got 2 1 1"),
    ],
)
def test_mistakes_of_a_job_shop(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert SHOP.count(old) == 1
    assert refused(written(tmp_path, SHOP.replace(old, new), "two"), read_job_shop).startswith(message)


def test_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.sm").write_bytes(b"\xff\xfe\x00")
    assert "expected text" in refused(tmp_path / "x.sm", read_project)
    assert "expected a file that can be read" in refused(tmp_path, read_job_shop)
