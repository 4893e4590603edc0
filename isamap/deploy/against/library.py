"""A library of linear algebra: found where Python packages and the dynamic loader keep such, never installed.

Finding one loads nothing: that is done in a process of its own, whose environment says how many threads there are.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Mapping, Sequence
from ctypes.util import find_library
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Protocol

from isamap.deploy.arrays import Array
from isamap.ir.cpu import Core
from isamap.ir.ranking import Ranking
from isamap.ir.workload import Workload

Call = Callable[[], object]
"""One call of the kernel, on arrays that it knows."""


@dataclass(frozen=True)
class Found:
    """An installed library: the files to load, in this order, and where they look for others."""

    version: str
    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """A kernel and the arrays of its inputs and its output, by the names of their tensors. What is ``packed`` may be
    copied while the task is prepared: it stays the same in all calls. ``measure`` concerns isamap alone: its best
    candidates are timed, and the quickest is taken."""

    work: Workload
    core: Core
    arrays: Mapping[str, Array]
    threads: int
    packed: frozenset[str] = frozenset()
    measure: bool = False


@dataclass(frozen=True)
class Ready:
    """``call`` does the task, ``how`` says by what; ``kept`` is what must live as long. ``ranking``
    is of the candidates, where several were measured."""

    call: Call
    how: str
    kept: object = None
    ranking: Ranking | None = None


class Lacking(Exception):
    """A library has nothing that does the kernel; the message says what."""


class Library(Protocol):
    """``package`` is what to install to have it."""

    @property
    def name(self) -> str: ...

    @property
    def package(self) -> str: ...

    def find(self, threads: int) -> Found | None:
        """Where it is, None where it is not installed."""

    def prepare(self, found: Found, task: Task) -> Ready:
        """Loads it, in this process. Raises Lacking for what it cannot do."""


def in_package(distribution: str, names: Sequence[str], beside: Sequence[str] = ()) -> Found | None:
    """The files of an installed Python package that are called ``names``, and the folders of files of the packages
    ``beside`` it that are shared objects."""
    try:
        package = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return None
    there = {path.name: path for path in _shared_objects(distribution)}
    if any(name not in there for name in names):
        return None
    folders = dict.fromkeys(str(there[name].parent) for name in names)
    folders.update(dict.fromkeys(str(path.parent) for other in beside for path in _shared_objects(other)))
    return Found(package.version, tuple(str(there[name]) for name in names), tuple(folders))


def in_loader(*names: str) -> Found | None:
    """The first of such libraries (``openblas`` for libopenblas.so) that the dynamic loader knows."""
    found = (file for name in names if (file := find_library(name)))
    file = next(found, None)
    return None if file is None else Found(f"of the system ({file})", (file,))


def load(found: Found) -> ctypes.CDLL:
    """The last of the files, whose names are known to all loaded later. Raises OSError."""
    for file in found.files:
        library = ctypes.CDLL(file, mode=ctypes.RTLD_GLOBAL | os.RTLD_LAZY)
    return library


def together(calls: Sequence[Call]) -> Call:
    """One call that is all of them, one after the other."""

    def each() -> None:
        for call in calls:
            call()

    return calls[0] if len(calls) == 1 else each


def address(array: Array, offset: int) -> ctypes.c_void_p:
    """Of the element ``offset`` elements into an array."""
    return ctypes.c_void_p(array.__array_interface__["data"][0] + offset * array.itemsize)


def _shared_objects(distribution: str) -> list[Path]:
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return []
    paths = (Path(str(file.locate())) for file in files if ".so" in file.name)
    return [Path(os.path.normpath(path)) for path in paths if path.is_file()]
