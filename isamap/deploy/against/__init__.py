"""Kernels beside the libraries that a user would call instead, for real, on this CPU.

``product`` says what a contraction is to a library, ``library`` finds installed ones, ``mkl``, ``openblas``, ``onednn``
and ``torch`` call them, ``ours`` calls the compiled kernel; ``process`` and ``serve`` keep each contestant in a process
of its own, ``rounds`` interleaves them, ``reference`` judges their results, ``ring`` is all of it.
"""

from isamap.deploy.against.ring import LIBRARIES, Ring

__all__ = ["LIBRARIES", "Ring"]
