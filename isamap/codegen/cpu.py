"""This CPU: its name, the instruction sets that it has, and its caches as the operating system tells them."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ, sched_getaffinity, sched_setaffinity
from pathlib import Path

import llvmlite.binding as llvm

from isamap.errors import InputError
