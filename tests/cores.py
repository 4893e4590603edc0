"""A core that many CPUs are like, for tests that need no particular one."""

from __future__ import annotations

from isamap.ir.cpu import Cache, Core, MultiplyAdd

CORE = Core(
    "a core", 3e9, 32, 16,
    (MultiplyAdd("fma", ("f32", "f32"), "f32", 8, 1, 2.0, 4.0, "llvm.fma.v8f32"),),
    2.0, 2.0, 1.0,
    (
        Cache("l1", 32 << 10, 8, 64, 64.0, 32.0, 5.0),
        Cache("l2", 1 << 20, 8, 64, 32.0, 32.0, 14.0),
        Cache("l3", 16 << 20, 16, 64, 20.0, 16.0, 50.0),
        Cache("memory", 1 << 40, 1, 64, 5.0, 4.0, 300.0),
    ),
)  # fmt: skip
