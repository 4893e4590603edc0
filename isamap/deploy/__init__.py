"""Kernels for the machine that isamap runs on: compiled in process, called on arrays."""

from isamap.deploy.jit import Kernel, jit

__all__ = ["Kernel", "jit"]
