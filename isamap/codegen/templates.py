"""How to write an instruction of a description in assembly, so that a probe can time it.

``{d}`` is the register that is written, ``{s}`` and ``{t}`` hold ones, ``{o}`` is a place in memory; ``zmm`` stands for
the description's registers. Names are those of the descriptions; what they do not have is timed beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["register", "load", "split load", "store", "folded"]


@dataclass(frozen=True)
class Template:
    """``inputs`` is the instruction with its factors, too, from the register that it writes: its whole latency where
    the accumulator waits for less. ``features`` are what a CPU must have beside those of the description."""

    kind: Kind
    text: str
    inputs: str = ""
    features: tuple[str, ...] = ()


def _two(name: str, features: tuple[str, ...] = ()) -> Template:
    return Template("register", f"{name} %zmm{{s}}, %zmm{{d}}, %zmm{{d}}", features=features)


def _dot(name: str) -> Template:
    return Template("register", f"{name} %zmm{{s}}, %zmm{{t}}, %zmm{{d}}", f"{name} %zmm{{s}}, %zmm{{d}}, %zmm{{d}}")


def _load(name: str) -> Template:
    return Template("load", f"{name} {{o}}, %zmm{{d}}")


def _store(name: str) -> Template:
    return Template("store", f"{name} %zmm{{d}}, {{o}}")


_WORDS = "vpmaddwd %zmm{s}, %zmm{t}, %zmm13; vpaddd %zmm13, %zmm{d}, %zmm{d}"
_BYTES = "vpmaddubsw %zmm{s}, %zmm{t}, %zmm13; vpmaddwd %zmm{t}, %zmm13, %zmm13; vpaddd %zmm13, %zmm{d}, %zmm{d}"

_BOTH: dict[str, Template] = {
    "vmovups_load": _load("vmovups"),
    "vbroadcastss": _load("vbroadcastss"),
    "vpbroadcastd_u8": _load("vpbroadcastd"),
    "vpbroadcastd_s16": _load("vpbroadcastd"),
    "vmovups_store": _store("vmovups"),
    "vfmadd231ps": _dot("vfmadd231ps"),
    "vfmadd231ps_splat": _dot("vfmadd231ps"),
    **{name: _two(name) for name in ("vaddps", "vmulps", "vmaxps", "vpaddd", "vpsubd", "vpmulld", "vpmaxsd")},
    "vdivps": _two("vdivps"),
    "vunpcklps": _two("vunpcklps"),
    "vmovups_load_split": Template("split load", "vmovups {o}, %zmm{d}"),
}
_AVX512: dict[str, Template] = {
    "vmovdqu32_load": _load("vmovdqu32"),
    "vmovdqu16_load": _load("vmovdqu16"),
    "vmovdqu8_load": _load("vmovdqu8"),
    "vmovdqu8_load_u8": _load("vmovdqu8"),
    "vmovdqu32_store": _store("vmovdqu32"),
    "vmovdqu8_store": _store("vmovdqu8"),
    "vfmadd231ps_m32bcst": Template("folded", "vfmadd231ps {o}{{1to16}}, %zmm{t}, %zmm{d}"),
    "vpdpbusd": _dot("vpdpbusd"),
    "vpdpbusd_lanes": _dot("vpdpbusd"),
    "vpdpbusds": _dot("vpdpbusds"),
    "vpdpwssd": _dot("vpdpwssd"),
    "vpxord_128": _two("vpxord"),
    "vcvtdq2ps": Template("register", "vcvtdq2ps %zmm{d}, %zmm{d}"),
    "vpmovsdb": Template("register", "vpmovsdb %zmm{d}, %xmm{d}"),
    "vpackssdw": _two("vpackssdw"),
    "vpermt2ps": Template("register", "vpermt2ps %zmm{s}, %zmm{t}, %zmm{d}"),
    "vcvtneps2bf16": Template("register", "vcvtneps2bf16 %zmm{d}, %ymm{d}", features=("avx512bf16",)),
    "vdpbf16ps": Template("register", "vdpbf16ps %zmm{s}, %zmm{t}, %zmm{d}", features=("avx512bf16",)),
}
_AVX2: dict[str, Template] = {
    "vmovdqu_load_s32": _load("vmovdqu"),
    "vmovdqu_load_s16": _load("vmovdqu"),
    "vmovdqu_load_s8": _load("vmovdqu"),
    "vmovdqu_load_u8": _load("vmovdqu"),
    "vmovdqu_store_s32": _store("vmovdqu"),
    "vpmaddwd": _two("vpmaddwd"),
    "vpmaddwd_vpaddd": Template("register", _WORDS, _WORDS.replace("{t}", "{d}")),
    "vpmaddubsw_vpmaddwd_vpaddd": Template("register", _BYTES, _BYTES.replace("{t}", "{d}", 1)),
    "vpermps": _two("vpermps"),
    "vcvtdq2ps": Template("register", "vcvtdq2ps %zmm{d}, %zmm{d}"),
}


def templates(register: str, features: frozenset[str]) -> dict[str, Template]:
    """Instruction name -> template, for ``zmm`` or ``ymm`` registers, of all that a CPU with ``features`` has."""
    known = _BOTH | (_AVX512 if register == "zmm" else _AVX2)
    return {name: _of(register, each) for name, each in known.items() if features.issuperset(each.features)}


def _of(register: str, template: Template) -> Template:
    text, inputs = (each.replace("%zmm", f"%{register}") for each in (template.text, template.inputs))
    return Template(template.kind, text, inputs, template.features)
