"""isamap: maps computations onto a machine's instructions, proves how good the answer is, and runs it."""

__version__ = "0.1.0"
