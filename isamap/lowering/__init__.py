"""Answers -> Program. No search here."""

from isamap.lowering.emit import lower
from isamap.lowering.pipelined import lower_pipelined

__all__ = ["lower", "lower_pipelined"]
