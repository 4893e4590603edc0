"""isamap: describe a computation and a machine's instructions in one language, and get the program between them.

The front door. Names are loaded when first used, so that importing isamap costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isamap.compile import Compiled as Compiled
    from isamap.compile import Options as Options
    from isamap.compile import compile_workload as compile_workload
    from isamap.deploy import jit as jit
    from isamap.explore import compare_methods as compare_methods
    from isamap.explore import read_sweep as read_sweep
    from isamap.explore import sweep_designs as sweep_designs
    from isamap.host import load_target as load_target
    from isamap.judge import judge_program as judge_program
    from isamap.mapping import map_workload as map_workload
    from isamap.plugins import Plugins as Plugins
    from isamap.result import read_result as read_result
    from isamap.result import write_result as write_result
    from isamap.simulate import evaluate as evaluate
    from isamap.simulate import random_inputs as random_inputs
    from isamap.simulate import simulate as simulate_program  # noqa: F401
    from isamap.spec import load_workload as load_workload
    from isamap.start import compile_fixed as compile_fixed
    from isamap.start import start_from as start_from

__version__ = "0.1.0"

_DOORS = {  # name: the room it is in, and what it is called there; no name may be that of a room
    "load_workload": ("spec", "load_workload"),
    "load_target": ("host", "load_target"),
    "map_workload": ("mapping", "map_workload"),
    "compile_workload": ("compile", "compile_workload"),
    "compile_fixed": ("start", "compile_fixed"),
    "start_from": ("start", "start_from"),
    "jit": ("deploy", "jit"),
    "Options": ("compile", "Options"),
    "Compiled": ("compile", "Compiled"),
    "Plugins": ("plugins", "Plugins"),
    "evaluate": ("simulate", "evaluate"),
    "random_inputs": ("simulate", "random_inputs"),
    "simulate_program": ("simulate", "simulate"),
    "judge_program": ("judge", "judge_program"),
    "write_result": ("result", "write_result"),
    "read_result": ("result", "read_result"),
    "compare_methods": ("explore", "compare_methods"),
    "read_sweep": ("explore", "read_sweep"),
    "sweep_designs": ("explore", "sweep_designs"),
}

__all__ = ["__version__", *_DOORS]


def __getattr__(name: str) -> Any:
    if name not in _DOORS:
        raise AttributeError(f"isamap has no {name!r}; it has {', '.join(sorted(_DOORS))}")
    room, called = _DOORS[name]
    return getattr(import_module(f"isamap.{room}"), called)
