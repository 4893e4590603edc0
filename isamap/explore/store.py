"""What a sweep has found, in one SQLite file, so that nothing done is lost or done again, whatever ends the process.

Table ``attempts`` has a row per start of a job, ``results`` one per job that ended, both by the job's key. Every write
is a transaction of its own behind a rollback journal: it is there as a whole or not at all. Only one process works
on a store at a time; it keeps SQLite's lock for as long as it lives.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from isamap.errors import InputError
from isamap.explore.job import Outcome

VERSION = 1
_APPLICATION = 0x69736D70  # says in the file's header whose it is
_TABLES = """
CREATE TABLE attempts (key TEXT NOT NULL, began TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE results (
    key TEXT PRIMARY KEY, state TEXT NOT NULL, reason TEXT NOT NULL, trace TEXT NOT NULL, record TEXT NOT NULL,
    settings TEXT NOT NULL, limit_s REAL, ended TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
"""


@dataclass(frozen=True)
class Kept:
    """An outcome and the time limit that its job had."""

    outcome: Outcome
    limit_s: float | None


class Store:
    """The file at ``path``, made where there is none; without a path everything stays in memory.

    Raises InputError where it cannot be read or written, is something else, or another sweep is at work on it.
    """

    def __init__(self, path: str | Path | None) -> None:
        self.path = path
        with self._complaints():
            self._database = sqlite3.connect(":memory:" if path is None else path, timeout=1.0, isolation_level=None)
        try:
            with self._complaints():
                self._open()
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def begin(self, key: str) -> None:
        """Notes that a job is started."""
        self._write("INSERT INTO attempts (key) VALUES (?)", (key,))

    def keep(self, key: str, outcome: Outcome, settings: Mapping[str, Any], limit_s: float | None) -> None:
        """Notes how a job ended, in place of what was noted before."""
        texts = (json.dumps(outcome.record, ensure_ascii=False), json.dumps(settings, ensure_ascii=False))
        self._write(
            "INSERT OR REPLACE INTO results (key, state, reason, trace, record, settings, limit_s)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (key, outcome.state, outcome.reason, outcome.trace, *texts, limit_s),
        )

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is noted inside is there as a whole or not at all."""
        self._write("BEGIN", ())
        try:
            yield
        except BaseException:
            self._write("ROLLBACK", ())
            raise
        self._write("COMMIT", ())

    def results(self, keys: Collection[str]) -> dict[str, Kept]:
        """What is noted of these jobs."""
        wanted, found = set(keys), {}
        with self._complaints():
            rows = self._database.execute("SELECT key, state, reason, trace, record, limit_s FROM results").fetchall()
        for key, state, reason, trace, record, limit_s in rows:
            if key in wanted:
                found[key] = Kept(Outcome(state, json.loads(record), reason, trace), limit_s)
        return found

    def every(self) -> list[Kept]:
        """What is noted of all jobs, in the order in which they ended."""
        with self._complaints():
            rows = self._database.execute(
                "SELECT state, reason, trace, record, limit_s FROM results ORDER BY rowid"
            ).fetchall()
        return [
            Kept(Outcome(state, json.loads(record), reason, trace), limit_s)
            for state, reason, trace, record, limit_s in rows
        ]

    def attempts(self) -> dict[str, int]:
        """How often each job was started."""
        with self._complaints():
            return dict(self._database.execute("SELECT key, count(*) FROM attempts GROUP BY key").fetchall())

    def _open(self) -> None:
        run = self._database.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA synchronous = FULL")
        (owner,), (version,) = run("PRAGMA application_id").fetchone(), run("PRAGMA user_version").fetchone()
        (tables,) = run("SELECT count(*) FROM sqlite_schema").fetchone()
        if owner != _APPLICATION and (owner or tables):
            raise InputError(f"{self.path}: this is a database, but no store of isamap's sweeps")
        if not tables:
            run("BEGIN EXCLUSIVE")
            for statement in filter(str.strip, _TABLES.split(";")):
                run(statement)
            run(f"PRAGMA application_id = {_APPLICATION}")
            run(f"PRAGMA user_version = {VERSION}")
            run("COMMIT")
        elif version != VERSION:
            raise InputError(f"{self.path}: version {version} of the format; this isamap reads {VERSION}")
        run("BEGIN EXCLUSIVE")  # takes the lock, which stays
        run("COMMIT")

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        with self._complaints():
            self._database.execute(statement, values)

    @contextmanager
    def _complaints(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise InputError(f"cannot use the store {self.path}: {_said(error)}") from error


def _said(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extension that says more
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "another sweep is at work on it"
    if code == sqlite3.SQLITE_FULL:
        return f"{error}; what it holds is safe: make room, then --resume"
    return str(error)
