"""``kernels`` and ``targets`` of a sweep file: every entry with every combination of its settings, loaded.

The data are walked entry by entry and not as the schema reads them, so that one misshapen entry does not hide what is
wrong with the others; what the schema complains of is passed over here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast

from isamap.errors import Fault, InputError, Unsupported
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.spec.diagnostic import Diagnostic, Faults, SpecError, Where, did_you_mean
from isamap.spec.document import Document, mapping_at, read
from isamap.spec.hardware import load_target
from isamap.spec.kernel import load_workload
from isamap.spec.resolve import resolve
from isamap.spec.settings import SETTABLE

Noun_co = TypeVar("Noun_co", Workload, Target, covariant=True)
Value = str | int | float | bool | None
Settings = tuple[tuple[str, Value], ...]

MOST_JOBS = 100_000
_GROUPS = {"kernel": ("kernels", "kernel", "a kernel"), "hardware": ("targets", "target", "a machine")}


@dataclass(frozen=True)
class Variant(Generic[Noun_co]):
    """A kernel or machine after its settings; where these make none, ``refusal`` says why."""

    source: str
    settings: Settings
    noun: Noun_co | None
    refusal: str = ""


class Variants:
    """The entries of one group of a sweep file; mistakes go to ``faults``, those of other files to ``foreign``."""

    def __init__(
        self,
        kind: Literal["kernel", "hardware"],
        document: Document,
        faults: Faults,
        folder: Path,
        foreign: dict[Diagnostic, None],
    ) -> None:
        self.kind, self.document, self.faults, self.folder, self.foreign = kind, document, faults, folder, foreign
        self.group, self.key, self.what = _GROUPS[kind]

    def all(self) -> tuple[Variant[Any], ...]:
        entries = self.document.data.get(self.group)
        if not isinstance(entries, list):
            return ()
        if not entries:
            self.faults.add((self.group,), f"at least {self.what}", "an empty list")
        return tuple(variant for n, entry in enumerate(entries) for variant in self._entry((self.group, n), entry))

    def _entry(self, path: Where, entry: object) -> list[Variant[Any]]:
        if isinstance(entry, str):
            entry, name_path = {self.key: entry}, path
        else:
            name_path = (*path, self.key)
        name = entry.get(self.key) if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(name, str):
            return []
        file = self._file(name, name_path)
        if file is None:
            return []
        known = self._settable(file)
        lists: dict[str, list[tuple[Where, Value]]] = {}
        for setting, values in mapping_at(entry, "set").items():
            here = (*path, "set", setting)
            if setting in known:
                right = list(swept(here, values, self.faults))
                lists |= {setting: right} if right else {}
            else:
                listed = " ".join(known) or "none (nothing can be set here)"
                near = did_you_mean(setting, known)
                self.faults.add(here, f"what {name} has: a name of {listed}", repr(setting), near)
        size = product_size(lists.values())
        if size > MOST_JOBS:
            self.faults.add((*path, "set"), f"at most {MOST_JOBS:,} combinations", f"{size:,}")
            return []
        return self._load(name, file, name_path, lists)

    def _file(self, name: str, path: Where) -> Path | None:
        """The file beside the sweep's own, or the one that the name means everywhere; None where it is not readable."""
        beside = self.folder / name
        try:
            file = beside if name and beside.is_file() else resolve(name, self.kind)
            read(file)
        except SpecError as error:
            self.foreign.update(dict.fromkeys(error.diagnostics))
        except InputError as error:
            self.faults.add(path, f"{self.what} that can be found", repr(name), str(error))
        else:
            return file
        return None

    def _settable(self, file: Path) -> list[str]:
        data = read(file).data
        return [name for section in SETTABLE[self.kind] for name in mapping_at(data, section)]

    def _load(
        self, name: str, file: Path, path: Where, lists: dict[str, list[tuple[Where, Value]]]
    ) -> list[Variant[Any]]:
        found: list[Variant[Any]] = []
        failed: list[tuple[dict[str, Where], InputError]] = []
        good: set[Where] = set()
        for combination in product(*lists.values()):
            places = {setting: place for setting, (place, _) in zip(lists, combination, strict=True)}
            settings = tuple((setting, value) for setting, (_, value) in zip(lists, combination, strict=True))
            try:
                noun = self._noun(file, dict(settings))
                found.append(Variant(name, settings, noun))
                good.update(places.values())
            except Unsupported as error:
                found.append(Variant(name, settings, None, str(error)))
                good.update(places.values())
            except InputError as error:
                found.append(Variant(name, settings, None, _reason(error)))
                failed.append((places, error))
        if failed and (len(failed) == len(found)) and self._is_broken(file):
            return []
        for places, refusal in failed:
            self._blame(refusal, {s: place for s, place in places.items() if place not in good}, path)
        return found

    def _noun(self, file: Path, settings: dict[str, Value]) -> Workload | Target:
        return load_workload(file, settings) if self.kind == "kernel" else load_target(file, settings)

    def _is_broken(self, file: Path) -> bool:
        """Is the file wrong without any setting? Then its own mistakes are reported."""
        try:
            self._noun(file, {})
        except SpecError as error:
            self.foreign.update(dict.fromkeys(error.diagnostics))
            return True
        except Unsupported:
            return False
        return False

    def _blame(self, error: InputError, suspects: dict[str, Where], path: Where) -> None:
        """Notes each fault at the value that it mentions, of those that never make a noun; none: nobody's mistake."""
        for fault in error.faults if suspects else ():
            words = set(re.findall(r"\w+", f"{'.'.join(map(str, fault.path))} {fault.expected} {fault.hint}"))
            named = [place for setting, place in suspects.items() if setting in words]
            where = named[0] if named else next(iter(suspects.values())) if len(suspects) == 1 else path
            inside = ".".join(map(str, fault.path))
            hint = ": ".join(filter(None, (inside, fault.hint)))
            self.faults.note(Fault(where, fault.expected, fault.got, hint))


def swept(path: Where, values: object, faults: Faults) -> Iterator[tuple[Where, Value]]:
    """The values of a list, or the one value, each with its place; an empty list and a value given twice are noted."""
    if isinstance(values, dict) or (isinstance(values, list) and any(isinstance(v, (dict, list)) for v in values)):
        return  # the schema complains
    if not isinstance(values, list):
        yield path, cast(Value, values)
        return
    if not values:
        faults.add(path, "at least one value", "an empty list")
    seen: list[tuple[type, object]] = []
    for n, value in enumerate(values):
        if (type(value), value) in seen:
            faults.add((*path, n), "each value once", f"{value} again")
        else:
            yield (*path, n), value
        seen.append((type(value), value))


def product_size(lists: Iterable[list[Any]]) -> int:
    return prod(len(values) for values in lists)


def _reason(error: InputError) -> str:
    """The faults without the lines of the file that they stand in."""
    return "; ".join(map(str, error.faults)) if error.faults else str(error)
