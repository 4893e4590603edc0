"""Rewriting a workload into another of the same meaning, so that instructions match what they did not match before.

``rewritten`` is the noun. Each rule takes a workload, the number of an einsum and a target, and gives workloads in
which that einsum was replaced; ``RULES`` lists them.

    banded, diagonal      a change of variables (``change`` proves it, ``mask`` states what is 0 outside)
    split_product         a product of many factors in two steps (distributivity)
    separate, inline      one expression in several einsums (``pattern``: cut where instructions begin), or the reverse
                          (``inlining``)
    shifted, constant     signed products on an unsigned multiplier (``signed_product``, ``offset``); operands that are
                          missing (``filled``, ``constant_proof``); ``bits`` proves what they say of single numbers
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.mapping.rewrite.banded import banded
from isamap.mapping.rewrite.constant import constant
from isamap.mapping.rewrite.diagonal import diagonal
from isamap.mapping.rewrite.inline import inline
from isamap.mapping.rewrite.rewritten import Rewritten
from isamap.mapping.rewrite.separate import separate
from isamap.mapping.rewrite.shifted import shifted
from isamap.mapping.rewrite.split_product import split_product

__all__ = ["RULES", "Rewritten", "Rule"]

Rule = Callable[[Workload, int, Target], Iterator[Rewritten]]
RULES: tuple[Rule, ...] = (banded, split_product, inline, separate, shifted, constant, diagonal)
