"""What machine code is made for, in LLVM's words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from isamap.errors import Fault, InvalidNoun

_TRIPLE = re.compile(r"[A-Za-z0-9_.]+(-[A-Za-z0-9_.]+){1,4}")
_FEATURE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class TargetMachine:
    """``triple``: architecture, vendor, system (and ABI); ``features``: the instruction sets, beside the least that the
    architecture has, which a CPU must have to run the code."""

    triple: str
    features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        faults = []
        if not _TRIPLE.fullmatch(self.triple):
            faults.append(Fault(("triple",), "a triple, as in x86_64-unknown-linux-gnu", repr(self.triple)))
        faults += [
            Fault(("features", n), "LLVM's name of an instruction set, without a sign", repr(name))
            for n, name in enumerate(self.features)
            if not _FEATURE.fullmatch(name)
        ]
        if faults:
            raise InvalidNoun(faults)

    @property
    def architecture(self) -> str:
        return self.triple.partition("-")[0]

    def __str__(self) -> str:
        return f"{self.triple} with {' '.join(self.features)}" if self.features else self.triple
