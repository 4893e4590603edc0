"""Answers -> Program. No search here."""

from isamap.lowering.emit import lower

__all__ = ["lower"]
