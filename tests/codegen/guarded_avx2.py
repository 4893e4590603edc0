"""``guarded`` with code that LLVM makes for AVX2 and FMA alone, as it does on a CPU that has no more."""

from __future__ import annotations

from functools import partial

from isamap.codegen.native import compiled
from isamap.spec import load_target
from tests.codegen import guarded

if __name__ == "__main__":
    guarded.compiled = partial(compiled, described=load_target("x86_avx2").llvm)
    guarded.main()
