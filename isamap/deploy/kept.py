"""Compiled kernels on disk: a file each, named after all that its code depends on.

The first line says how the shares of each thread are cut and how long their object files are, which follow. A file that
is not whole, or not what its sum says, is as good as none.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from isamap.codegen.native import host
from isamap.deploy.part import Part
from isamap.ir.blocking import Blocking, Loop, Panels, Prefetch
from isamap.ir.contraction import Contraction
from isamap.ir.cpu import Core
from isamap.ir.ranking import Ranking
from isamap.result import isamap_version

_FORMAT = 3


def key(whats: Sequence[Contraction], core: Core, before: Sequence[str], measured: bool) -> str:
    """Everything that the choice of a kernel and its code depend on, as one number."""
    parts = (_FORMAT, isamap_version(), host(), core, sorted(before), measured, *whats)
    return sha256("\n".join(map(repr, parts)).encode()).hexdigest()


def read(
    folder: Path, name: str, whats: Sequence[Contraction], core: Core
) -> tuple[tuple[Part, ...], Ranking | None] | None:
    """What is kept under ``name``, or None."""
    try:
        head, _, codes = (folder / f"{name}.kernel").read_bytes().partition(b"\n")
        said = json.loads(head)
        if said["sum"] != sha256(codes).hexdigest() or len(said["parts"]) != len(whats):
            return None
        found, at = [], 0
        for what, each in zip(whats, said["parts"], strict=True):
            code = codes[at : at + each["bytes"]]
            found.append(Part(what, _blocking(each["blocking"]), core.multiply_add(what), code))
            at += each["bytes"]
        return tuple(found), _ranking(said["ranking"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(folder: Path, name: str, parts: Sequence[Part], ranking: Ranking | None) -> None:
    """Keeps ``parts``, whole or not at all; where nothing can be written nothing is kept."""
    codes = b"".join(part.code for part in parts)
    said = [{"blocking": asdict(part.how), "bytes": len(part.code)} for part in parts]
    ranked = None if ranking is None else asdict(ranking)
    head = json.dumps({"sum": sha256(codes).hexdigest(), "parts": said, "ranking": ranked}).encode()
    put(folder / f"{name}.kernel", head + b"\n" + codes)


def put(place: Path, content: bytes) -> None:
    """Writes a file whole or not at all; where nothing can be written nothing is kept."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
            try:
                file.write(content)
                file.close()
                os.replace(file.name, place)
            except OSError:
                os.unlink(file.name)
    except OSError:
        return


def _ranking(said: dict[str, list[float]] | None) -> Ranking | None:
    return None if said is None else Ranking(tuple(said["estimated_cycles"]), tuple(said["measured_s"]))


def _blocking(said: dict[str, Any]) -> Blocking:
    return Blocking(
        said["vector"],
        tuple(Loop(**each) for each in said["loops"]),
        tuple(Panels(**each) for each in said["panels"]),
        tuple(Prefetch(**each) for each in said["prefetches"]),
        said["unroll"],
        tuple(said["early"]),
    )
