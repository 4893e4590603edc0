"""Software pipelining: the smallest initiation interval of a loop body, proved, and buffers as shallow as it allows.

``steady_state`` reads the body off a match and its tiles; ``bound`` says below which interval nothing goes, ``greedy``
finds a schedule by iterative modulo scheduling, ``formulation`` states the problem of one interval for CP-SAT, and
``solve`` is the door: it asks for smaller intervals until one is proved impossible.
"""

from isamap.scheduling.modulo.solve import Pipelined, pipeline

__all__ = ["Pipelined", "pipeline"]
