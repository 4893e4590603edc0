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
    from isamap.judge import judge as judge
    from isamap.mapping import map_workload as map_workload
    from isamap.result import read_result as read_result
    from isamap.result import write_result as write_result
    from isamap.simulate import evaluate as evaluate
    from isamap.simulate import random_inputs as random_inputs
    from isamap.simulate import simulate as simulate
    from isamap.spec import load_target as load_target
    from isamap.spec import load_workload as load_workload

__version__ = "0.1.0"

_ROOMS = {
    "load_workload": "spec", "load_target": "spec", "map_workload": "mapping", "compile_workload": "compile",
    "Options": "compile", "Compiled": "compile", "judge": "judge", "simulate": "simulate", "evaluate": "simulate",
    "random_inputs": "simulate", "write_result": "result", "read_result": "result",
}  # fmt: skip

__all__ = ["__version__", *_ROOMS]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"isamap has no {name!r}; it has {', '.join(sorted(_ROOMS))}")
    return getattr(import_module(f"isamap.{_ROOMS[name]}"), name)
