"""Files for ``--fix``: YAML -> Fixed. Every mistake of a file is reported, each at its line and column.

What kernel and machine tell by themselves is checked here: names, and sizes against extents. What depends on the match
turns out when it is planned; ``located`` puts those faults at their places, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isamap.errors import Fault
from isamap.ir.answers import sizes
from isamap.ir.einsum import Einsum
from isamap.ir.fixed import Fixed, FixedEinsum, FixedLevel
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.spec.conform import conform
from isamap.spec.diagnostic import Diagnostic, Faults, SpecError, Where
from isamap.spec.document import Document, parse, read
from isamap.spec.fix_names import Names
from isamap.spec.fix_schema import EinsumShape, FixFile, LevelShape


@dataclass(frozen=True)
class FixedFile:
    """What a file says, and the file: where each einsum is spoken of."""

    fixed: Fixed
    document: Document
    places: Mapping[int, Where]

    def located(self, faults: Iterable[Fault]) -> SpecError:
        """The faults, whose paths begin with ``einsums`` and a number, at their lines and columns."""
        return SpecError([self._located(fault) for fault in faults])

    def _located(self, fault: Fault) -> Diagnostic:
        path = fault.path
        if path[:1] == ("einsums",) and len(path) > 1:
            path = (*self.places.get(int(path[1]), ()), *path[2:])
        return self.document.diagnostic(Fault(path, fault.expected, fault.got, fault.hint))


def load_fix(source: str | Path, work: Workload, target: Target) -> FixedFile:
    """What a file (a path, or YAML text of more than one line) says of ``work`` on ``target``; raises SpecError with
    every mistake of it."""
    text = isinstance(source, str) and "\n" in source
    document = parse(str(source), "<text>") if text else read(Path(source))
    file, faults = conform(document, FixFile)
    faults.broken.clear()  # all that is left is looked at
    einsums, places = dict[int, FixedEinsum](), dict[int, Where]()
    for number, said, path in _einsums(file, work, faults):
        if number in einsums:
            faults.add(path, "each einsum once", f"einsum {number} again, after match and tiling or its other name")
        einsums[number], places[number] = _einsum(said, work, number, target, faults.under(*path)), path
    homes = Names(work, target, faults).homes(file.homes) if file is not None else ()
    if file is None or faults.found or document.duplicates:
        raise document.error(faults)
    return FixedFile(Fixed(tuple(sorted(einsums.items())), homes), document, places)


def _einsums(file: FixFile | None, work: Workload, faults: Faults) -> list[tuple[int, EinsumShape, Where]]:
    """The number of each einsum that is spoken of, what is said of it, and where."""
    if file is None:
        return []
    first = EinsumShape(match=file.match, tiling=file.tiling)
    found: list[tuple[int, EinsumShape, Where]] = [(0, first, ())] if first != EinsumShape() else []
    written = {einsum.output.tensor: number for number, einsum in enumerate(work.einsums)}
    numbers = written | {str(number): number for number in range(len(work.einsums))}
    for name, said in file.einsums.items():
        if name in numbers:
            found.append((numbers[name], said, ("einsums", name)))
        else:
            faults.add(
                ("einsums",), f"a tensor that an einsum writes, of {' '.join(written)}, or its number", repr(name)
            )
    return found


def _einsum(said: EinsumShape, work: Workload, number: int, target: Target, faults: Faults) -> FixedEinsum:
    einsum, names = work.einsums[number], Names(work, target, faults)
    match = said.match
    names.match(match, einsum)
    levels = [FixedLevel(), FixedLevel()]
    if said.tiling is not None:
        given = said.tiling.levels
        if len(given) != 2:
            hint = "a deeper nest is said in two by merging its loops" if len(given) > 2 else "{} says nothing"
            faults.add(("tiling", "levels"), "two levels, blocks and issues", f"{len(given)}", hint)
        else:
            levels = [_level(one, einsum, names, n) for n, one in enumerate(given)]
    return FixedEinsum(
        match.instruction,
        tuple((axis, tuple(fused)) for axis, fused in match.axes.items()),
        tuple(match.operands.items()),
        *levels,
    )


def _level(said: LevelShape, einsum: Einsum, names: Names, number: int) -> FixedLevel:
    names.level(said, einsum, ("tiling", "levels", number))
    return FixedLevel(
        said.memory,
        sizes(said.tile),
        _tuple(said.order),
        sizes(said.buffers),
        tuple((label, sizes(piece)) for label, piece in said.pieces.items()),
        sizes(said.held),
        said.turning,
        _tuple(said.backward),
    )


def _tuple(names: list[str] | None) -> Any:
    return None if names is None else tuple(names)
