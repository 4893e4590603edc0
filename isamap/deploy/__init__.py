"""Kernels for the machine that isamap runs on: compiled in process, called on arrays."""

from isamap.deploy.jit import jit
from isamap.deploy.kernel import Kernel

__all__ = ["Kernel", "jit"]
