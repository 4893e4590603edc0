"""Programs written by hand that come close to their bounds."""

from __future__ import annotations

from isamap.ir.dtype import DTYPES
from isamap.ir.workload import Tensor, Workload
from tests.simulate.programs import kernel
from tests.simulate.tape import Tape, at, operation

S16 = DTYPES["s16"]
# rows (and columns) of three tiles that cover 24x24: 16 from 0, 16 from 8, and 8 from 0 with 8 from 16
STARTS = ((0, 8), (8, 8), (0, 16))


def three_tiles(depth: int) -> tuple[Tape, Workload]:
    """GEMM 24x24 on p16 in three tiles where boxes take four: i and j are two runs of 8, ``step`` apart."""
    tensors = (Tensor("A", S16, (24, depth)), Tensor("B", S16, (depth, 24)), Tensor("C", S16, (24, 24)))
    tape = Tape("three_tiles", "p16", tensors, ("A", "B"), ("C",))
    panel, size = 2 * 24, 2 * 24 * depth
    left = operation("load", {"k": depth, "x": 24}, source=at("dram.A", S16, k=(0, 1), x=(1, 0)),
                     destination=at("spad", S16, k=panel, x=2))  # fmt: skip
    right = operation("load", {"k": depth, "x": 24}, source=at("dram.B", S16, k=(1, 0), x=(0, 1)),
                      destination=at("spad", S16, k=panel, x=2))  # fmt: skip
    loads = [tape.issue(left, 0, 0, 0), tape.issue(right, 0, 0, size)]
    drains: list[int] = []
    stores: list[int] = []
    for n, (first, step) in enumerate(STARTS):
        runs = [2 * step, 2]
        mac = operation("mac", {"i": (2, 8), "j": (2, 8), "k": depth}, "initialise",
                        A=at("spad", S16, k=panel, i=runs), B=at("spad", S16, k=panel, j=runs),
                        C=at("acc", S16, i=[256, 32], j=[16, 2]))  # fmt: skip
        drain = operation("drain", {"i": 16, "j": 16}, C=at("acc", S16, i=32, j=2), D=at("spad", S16, i=32, j=2))
        store = operation("store", {"r": 2, "x": 8, "s": 2, "y": 8}, source=at("spad", S16, r=256, x=32, s=16, y=2),
                          destination=at("dram.C", S16, r=(step, 0), x=(1, 0), s=(0, step), y=(0, 1)))  # fmt: skip
        waits = [(load, "result") for load in loads] + [(drains[n - 2], "operands") for _ in range(n > 1)]
        done = tape.issue(mac, 2 * first, size + 2 * first, 512 * (n % 2), after=waits)
        drains.append(tape.issue(drain, 512 * (n % 2), 2 * size + 512 * n, after=[(done, "result")]))
        before = [(stores[-1], "result") for _ in range(n > 0)]
        stores.append(tape.issue(store, 2 * size + 512 * n, first, first, after=[(drains[n], "result"), *before]))
    return tape, kernel(tensors, "C[m,n] += A[m,k] * B[k,n]")
