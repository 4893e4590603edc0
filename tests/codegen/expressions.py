"""Random values of the language, as text: of a given type, made of reads, numbers, functions and casts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

INTEGERS = ("s32", "s16", "s8", "u8")
_NUMBERS = {
    "f32": ("0", "1", "-3", "0.5", "-2.75", "255", "1e30", "0.1"), "s32": ("0", "7", "-100", "2000000000"),
    "s16": ("0", "3", "-300", "32767"), "s8": ("0", "-5", "127"), "u8": ("0", "5", "200"),
}  # fmt: skip


class Expressions:
    """``reads``: the text of the accesses that there are, by type."""

    def __init__(self, rng: Random, reads: Mapping[str, Sequence[str]]) -> None:
        self._rng = rng
        self._reads = reads

    def value(self, dtype: str, depth: int) -> str:
        """A value of ``dtype``, of at most so many functions in each other."""
        if depth <= 0:
            return self._leaf(dtype)
        if self._rng.random() < 0.25:
            return self._cast(dtype, depth)
        return self._float(depth) if dtype == "f32" else self._integer(dtype, depth)

    def _leaf(self, dtype: str) -> str:
        if self._rng.random() < 0.1:
            return f"{self._saturate()}{dtype}({self._number(self._rng.choice(list(_NUMBERS)))})"
        source = dtype if dtype in self._reads else self._rng.choice(list(self._reads))
        read = self._rng.choice(self._reads[source])
        return read if source == dtype else f"{self._saturate()}{dtype}({read})"

    def _saturate(self) -> str:
        return self._rng.choice(["", "sat_"])

    def _number(self, dtype: str) -> str:
        return self._rng.choice(_NUMBERS[dtype])

    def _cast(self, dtype: str, depth: int) -> str:
        source = self._rng.choice([name for name in ("f32", "f32", *INTEGERS) if name != dtype])
        return f"{self._saturate()}{dtype}({self.value(source, depth - 1)})"

    def _pair(self, dtype: str, depth: int) -> tuple[str, str]:
        one, other = self.value(dtype, depth - 1), self._number(dtype)
        if self._rng.random() < 0.6:
            other = self.value(dtype, depth - 2)
        return (one, other) if self._rng.random() < 0.6 else (other, one)

    def _either(self, dtype: str, depth: int) -> str:
        of = self._rng.choice(list(self._reads))
        left, right = self._pair(of, depth)
        holds = f"({left}) {self._rng.choice(['<', '<=', '>', '>=', '==', '!='])} ({right})"
        if self._rng.random() < 0.3:
            holds = f"({holds}) {self._rng.choice('&|^')} ({self.value(of, 0)} > {self._number(of)})"
        return f"select({holds}, {', '.join(self._pair(dtype, depth))})"

    def _float(self, depth: int) -> str:
        one, other = self._pair("f32", depth)
        inner = self.value("f32", depth - 1)
        read = self.value("f32", 0)
        return self._rng.choice([
            f"({one}) + ({other})", f"({one}) - ({other})", f"({one}) * ({other})", f"({inner}) / {read}",
            f"max({one}, {other})", f"min({one}, {other})", f"-({inner})", f"abs({inner})", f"floor({inner})",
            f"ceil({inner})", f"round({inner})", f"sqrt({inner})", f"rsqrt(abs({inner}))", self._either("f32", depth),
        ])  # fmt: skip

    def _integer(self, dtype: str, depth: int) -> str:
        one, other = self._pair(dtype, depth)
        inner = self.value(dtype, depth - 1)
        count = self._rng.choice(["0", "1", "5", "40", "-1", self.value(dtype, 0)])
        return self._rng.choice([
            f"({one}) + ({other})", f"({one}) - ({other})", f"({one}) * ({other})", f"max({one}, {other})",
            f"min({one}, {other})", f"-({inner})", f"abs({inner})", f"round({inner})", f"({one}) & ({other})",
            f"({one}) | ({other})", f"({one}) ^ ({other})", f"({inner}) << ({count})", f"({inner}) >> ({count})",
            self._either(dtype, depth),
        ])  # fmt: skip
