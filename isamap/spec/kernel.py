"""Kernel files: YAML -> Workload. Every mistake of a file is reported, each at its line and column."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from isamap.errors import Fault, InvalidNoun
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import Axis, Statement, parse_statement
from isamap.ir.workload import Repeat, Tensor, Workload, workload
from isamap.spec.conform import conform
from isamap.spec.diagnostic import Faults
from isamap.spec.document import Document, mapping_at
from isamap.spec.kernel_schema import KernelFile
from isamap.spec.kernel_tensors import Sizes, check_names, tensors
from isamap.spec.number import Source
from isamap.spec.resolve import open_document
from isamap.spec.settings import SETTABLE, put_in

NOTHING: Mapping[str, object] = {}


def load_workload(source: str | Path, settings: Mapping[str, object] = NOTHING) -> Workload:
    """The workload of a kernel file: a path, a bundled name, or the YAML text itself.

    ``settings`` replace sizes and types. Raises SpecError with every mistake, InputError for a name that is not found
    or set, Unsupported for a symbolic size in a tensor's shape.
    """
    document = open_document(source, "kernel")
    put_in(document, settings, SETTABLE["kernel"])
    file, faults = conform(document, KernelFile)
    built = _Kernel(file, document, faults).build() if file else None
    if built is None or faults.found or document.duplicates:
        raise document.error(faults)
    return built


class _Kernel:
    """One kernel file on its way to a Workload; what goes wrong is noted in ``faults``."""

    def __init__(self, file: KernelFile, document: Document, faults: Faults) -> None:
        self.file, self.document, self.faults = file, document, faults
        self.declared = frozenset(mapping_at(document.data, "tensors"))
        self.sizes = Sizes.of(file, faults, document.file)

    def build(self) -> Workload | None:
        check_names(self.file, self.faults)
        for name in self.file.types:
            before = len(self.faults.found)
            self.faults.attempt(("types", name), _check_type, self.file, name)
            if len(self.faults.found) > before:
                self.faults.broken.add(name)
        known = tensors(self.file, self.sizes, self.faults)
        axes = self._axes()
        statements = {n: self._statement(n, text) for n, text in enumerate(self.file.einsums)}
        self._check_axes(statements, axes)
        self.faults.broken |= self.declared - known.keys()
        for n, statement in statements.items():
            if statement and self.faults.broken.isdisjoint(re.findall(r"\w+", self.file.einsums[n])):
                self._check_alone(n, statement, known, axes)
        repeat = self._repeat(known)
        for role, names in (("inputs", self.file.inputs or []), ("outputs", self.file.outputs or [])):
            for name in set(names) - self.declared:
                self.faults.add((role,), f"a tensor of {' '.join(sorted(self.declared))}", repr(name))
        if self.faults.found:
            return None
        return self.faults.attempt((), self._whole, known, statements, axes, repeat)

    def _whole(
        self,
        known: Mapping[str, Tensor],
        statements: Mapping[int, Statement | None],
        axes: Mapping[str, tuple[int, int]],
        repeat: Repeat | None,
    ) -> Workload:
        file = self.file
        work = workload(
            file.name,
            known.values(),
            [statement for statement in statements.values() if statement],
            axes={name: most for name, (_, most) in axes.items()},
            inputs=file.inputs,
            outputs=file.outputs,
            repeat=repeat,
        )
        ranged = {name: Axis(name, *ends) for name, ends in axes.items()}
        einsums = (replace(e, axes=tuple(ranged.get(axis.name, axis) for axis in e.axes)) for e in work.einsums)
        return replace(work, einsums=tuple(einsums))

    def _axes(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        extents: dict[str, Source] = dict(self.file.axes)
        if self.file.repeat:
            extents.setdefault(self.file.repeat.axis, self.file.repeat.extent)
        for name, source in extents.items():
            path = ("axes", name) if name in self.file.axes else ("repeat", "extent")
            ends = self.faults.attempt(path, self.sizes.span, source)
            if ends:
                found[name] = ends
        return found

    def _statement(self, n: int, text: str) -> Statement | None:
        """The einsum as written; sizes and types that are wrong have stand-ins, so that the rest of it is read."""
        types = dict.fromkeys(mapping_at(self.document.data, "types"), "s32")
        types |= {name: dtype for name, dtype in self.file.types.items() if dtype in DTYPES}
        for name in filter(keyword.iskeyword, types):  # ``in(x)`` is a cast here, though no expression of Python
            text = re.sub(rf"\b{name}\s*\(", f"{types[name]}(", text)
        axes = {*self.file.axes, *self.sizes.named_axes(self.file)}
        sizes = {**dict.fromkeys(mapping_at(self.document.data, "sizes"), 1), **self.sizes.fixed}
        constants = {name: size for name, size in sizes.items() if name not in axes | self.sizes.ranged.keys()}
        self.sizes.refuse_symbolic(set(re.findall(r"\w+", text)) - axes - self.declared, f"einsums.{n}")
        return self.faults.attempt(("einsums", n), parse_statement, text, self.declared, constants, types)

    def _check_axes(self, statements: Mapping[int, Statement | None], axes: Mapping[str, Any]) -> None:
        if not all(statements.values()):
            return
        used = {name for statement in statements.values() if statement for name in statement.axis_names}
        for name in self.file.axes:
            if name not in used and not (self.file.repeat and self.file.repeat.axis == name):
                possible = " ".join(sorted(used)) or "none"
                self.faults.add(("axes", name), f"an axis of the einsums, one of {possible}", repr(name))

    def _check_alone(
        self, n: int, statement: Statement, known: Mapping[str, Tensor], axes: Mapping[str, tuple[int, int]]
    ) -> None:
        """One einsum by itself, so that a mistake in another does not hide this one's."""
        if any(name in self.file.axes and name not in axes for name in statement.axis_names):
            return  # the extent itself is wrong, and said to be
        extents = {name: most for name, (_, most) in axes.items()}
        repeat = Repeat(self.file.repeat.axis, 1, ()) if self.file.repeat else None
        try:
            workload(self.file.name, known.values(), [statement], axes=extents, inputs=known, outputs=(), repeat=repeat)
        except InvalidNoun as error:
            for fault in error.faults:
                inside = fault.path[:1] == ("einsums",)
                self.faults.note(replace(fault, path=("einsums", n, *fault.path[2:])) if inside else fault)

    def _repeat(self, known: Mapping[str, Tensor]) -> Repeat | None:
        repeat = self.file.repeat
        if repeat is None:
            return None
        for old, new in repeat.carry.items():
            here = ("repeat", "carry", old)
            for name in {old, new} - self.declared:
                self.faults.add(here, f"a tensor of {' '.join(sorted(self.declared))}", repr(name))
            if old in known and new in known:
                wanted, got = ((t.dtype.name, t.shape) for t in (known[old], known[new]))
                if wanted != got:
                    self.faults.add(here, f"the type and shape of {old}, {wanted}", f"{got} of {new}")
        extent = self.faults.attempt(("repeat", "extent"), self.sizes.evaluate, repeat.extent, 1, "repeat") or 1
        return Repeat(repeat.axis, extent, tuple((new, old) for old, new in repeat.carry.items()))


def _check_type(file: KernelFile, name: str) -> None:
    faults = []
    if name in DTYPES:
        faults.append(Fault((), "a name that is no type already", repr(name)))
    if name in file.sizes:
        faults.append(Fault((), "a name that no size has", repr(name)))
    if file.types[name] not in DTYPES:
        faults.append(Fault((), f"a type of {' '.join(DTYPES)}", repr(file.types[name])))
    if faults:
        raise InvalidNoun(faults)
