"""A store that cannot be used says why."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from isamap.errors import InputError
from isamap.explore.job import Outcome
from isamap.explore.store import Store

DONE = Outcome("done", {"value": 3, "tiling": {"levels": []}})


def test_what_is_kept_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        store.begin("a")
        store.keep("a", Outcome("timeout", {}, "too long"), {}, 3.0)
        store.begin("a")
        store.keep("a", DONE, {"options": {}}, None)
    with Store(path) as store:
        assert store.attempts() == {"a": 2}
        kept = store.results(["a", "b"])
    assert list(kept) == ["a"]
    assert (kept["a"].outcome, kept["a"].limit_s) == (DONE, None)


def test_one_sweep_at_a_time(tmp_path: Path) -> None:
    with Store(tmp_path / "s.sqlite"), pytest.raises(InputError, match="another sweep is at work on it"):
        Store(tmp_path / "s.sqlite")
    Store(tmp_path / "s.sqlite").__exit__(None, None, None)


def test_what_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no/s\.sqlite: unable to open"):
        Store(tmp_path / "no" / "s.sqlite")
    with pytest.raises(InputError, match="unable to open"):
        Store(tmp_path)
    (tmp_path / "notes.txt").write_text("apples and pears, " * 100)
    with pytest.raises(InputError, match="not a database"):
        Store(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text().startswith("apples")


def test_the_database_of_another(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE fruit (name TEXT)")
    database.close()
    with pytest.raises(InputError, match="no store of isamap's sweeps"):
        Store(path)


def test_a_store_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        store._database.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="version 99 of the format; this isamap reads 1"):
        Store(path)
