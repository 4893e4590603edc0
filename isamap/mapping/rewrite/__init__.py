"""Rewriting a workload into another of the same meaning, so that instructions match what they did not match before.

``rewritten`` is the noun. By a change of variables (``change`` proves it, ``mask`` states what is 0 outside):
``banded`` and ``diagonal``. Each rule takes a workload, the number of an einsum and a target, and gives workloads in
which that einsum was replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.mapping.rewrite.banded import banded
from isamap.mapping.rewrite.diagonal import diagonal
from isamap.mapping.rewrite.rewritten import Rewritten

__all__ = ["RULES", "Rewritten", "Rule"]

Rule = Callable[[Workload, int, Target], Iterator[Rewritten]]
RULES: tuple[Rule, ...] = (banded, diagonal)
