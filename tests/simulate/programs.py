"""Right programs, written by hand, for the bundled machines."""

from __future__ import annotations

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.program import Operation
from isamap.ir.workload import Tensor, Workload, workload
from tests.simulate.tape import Tape, at, operation

S16, S32 = DTYPES["s16"], DTYPES["s32"]
RESULT, OPERANDS = "result", "operands"


def kernel(tensors: tuple[Tensor, ...], *statements: str) -> Workload:
    names = frozenset(tensor.name for tensor in tensors)
    return workload("kernel", tensors, [parse_statement(text, names) for text in statements])


def tile_gemm() -> tuple[Tape, Workload]:
    """2x2x2 tiles on ``tiles``: 192 cycles, in 12 places of 512 B."""
    size = (32, 32)
    tensors = (Tensor("A", S16, size), Tensor("B", S16, size), Tensor("C", S32, size))
    tape = Tape("tile_gemm", "tiles", tensors, ("A", "B"), ("C",))
    block: dict[str, int | tuple[int, ...]] = {"r": 16, "c": 16}
    place = {"C00": 0, "C01": 2, "C10": 4, "C11": 10, "A00": 6, "B00": 7, "B01": 8, "A10": 9, "A01": 10, "B10": 11,
             "B11": 6, "A11": 7}  # fmt: skip
    loads: dict[str, int] = {}
    last: dict[str, int] = {}

    def load(tile: str, *after: tuple[int, str]) -> None:
        move = operation("load", block, source=at(f"dram.{tile[0]}", S16, r=(1, 0), c=(0, 1)),
                         destination=at("spad", S16, r=32, c=2))  # fmt: skip
        origin = (16 * int(tile[1]), 16 * int(tile[2]), 512 * place[tile])
        loads[tile] = tape.issue(move, *origin, after=after)

    def matmul(i: int, j: int, k: int, *after: tuple[int, str]) -> int:
        a, b, c = f"A{i}{k}", f"B{k}{j}", f"C{i}{j}"
        waits = [(loads[a], RESULT), (loads[b], RESULT), *([(last[c], RESULT)] if k else []), *after]
        mode = "accumulate" if k else "initialise"
        views = {"A": at("spad", S16, i=32, k=2), "B": at("spad", S16, k=32, j=2), "C": at("spad", S32, i=64, j=4)}
        multiply = operation("matmul", {"i": 16, "j": 16, "k": 16}, mode, **views)
        last[c] = tape.issue(multiply, 512 * place[a], 512 * place[b], 512 * place[c], after=waits)
        return last[c]

    def store(i: int, j: int) -> None:
        move = operation("store", block, source=at("spad", S32, r=64, c=4),
                         destination=at("dram.C", S32, r=(1, 0), c=(0, 1)))  # fmt: skip
        c = f"C{i}{j}"
        tape.issue(move, 512 * place[c], 16 * i, 16 * j, after=[(last[c], RESULT)])

    for tile in ("A00", "B00", "B01", "A10", "A01", "B10"):
        load(tile)
    matmul(0, 0, 0)
    load("B11", (matmul(0, 1, 0), OPERANDS))
    load("A11", (matmul(1, 0, 0), OPERANDS))
    matmul(0, 0, 1)
    store(0, 0)
    read_last = matmul(0, 1, 1)
    store(0, 1)
    freed = matmul(1, 0, 1)
    store(1, 0)
    matmul(1, 1, 0, (read_last, OPERANDS), (freed, OPERANDS))
    matmul(1, 1, 1)
    store(1, 1)
    return tape, kernel(tensors, "C[m,n] += s32(A[m,k]) * s32(B[k,n])")


def load_panel(tensor: str, along: str, depth: int, width: int = 16) -> Operation:
    """16 rows of A or columns of B as a panel [k][16] in the scratchpad."""
    if along == "rows":
        source = at(f"dram.{tensor}", S16, k=(0, 1), x=(1, 0))
    else:
        source = at(f"dram.{tensor}", S16, k=(1, 0), x=(0, 1))
    return operation("load", {"k": depth, "x": width}, source=source, destination=at("spad", S16, k=2 * width, x=2))


def mac(depth: int, mode: str = "initialise") -> Operation:
    return operation("mac", {"i": 16, "j": 16, "k": depth}, mode, A=at("spad", S16, k=32, i=2),
                     B=at("spad", S16, k=32, j=2), C=at("acc", S16, i=32, j=2))  # fmt: skip


def move(name: str, rows: int = 16, columns: int = 16) -> Operation:
    """drain or fill of a dense tile."""
    return operation(name, {"i": rows, "j": columns}, C=at("acc", S16, i=32, j=2),
                     D=at("spad", S16, i=2 * columns, j=2))  # fmt: skip


def store_tile(tensor: str = "C") -> Operation:
    return operation("store", {"i": 16, "j": 16}, source=at("spad", S16, i=32, j=2),
                     destination=at(f"dram.{tensor}", S16, i=(1, 0), j=(0, 1)))  # fmt: skip


def g64() -> tuple[Tape, Workload]:
    """GEMM 64x64x64 on p16, full K, tiles run as their pair arrives, stores last: 1,536 cycles."""
    size = (64, 64)
    tensors = (Tensor("A", S16, size), Tensor("B", S16, size), Tensor("C", S16, size))
    tape = Tape("g64", "p16", tensors, ("A", "B"), ("C",))
    loads: dict[tuple[str, int], int] = {}
    tiles: list[tuple[int, int]] = []
    for n in range(4):
        for name in ("A", "B") if n % 2 == 0 else ("B", "A"):
            origin = (16 * n, 0) if name == "A" else (0, 16 * n)
            address = 2048 * (n if name == "A" else 4 + n)
            panel = load_panel(name, "rows" if name == "A" else "columns", 64)
            loads[name, n] = tape.issue(panel, *origin, address)
            new = [(i, j) for i in range(4) for j in range(4) if ("A", i) in loads and ("B", j) in loads]
            tiles += [tile for tile in new if tile not in tiles]
    drains: list[int] = []
    for t, (i, j) in enumerate(tiles):
        waits = [(loads["A", i], RESULT), (loads["B", j], RESULT)]
        if t >= 2:
            waits.append((drains[t - 2], OPERANDS))
        product = tape.issue(mac(64), 2048 * i, 2048 * (4 + j), 512 * (t % 2), after=waits)
        drains.append(tape.issue(move("drain"), 512 * (t % 2), 16384 + 512 * t, after=[(product, RESULT)]))
    for t, (i, j) in enumerate(tiles):
        waits = [(drains[t], RESULT), (max(loads.values()), OPERANDS)]
        tape.issue(store_tile(), 16384 + 512 * t, 16 * i, 16 * j, after=waits)
    return tape, kernel(tensors, "C[m,n] += A[m,k] * B[k,n]")


def banded() -> tuple[Tape, Workload]:
    """One channel of a depthwise 3x3 convolution on ``mac``: 16 blocks of 4x4 outputs, a 6x6 window each, and the
    36x16 banded matrix of the filter, which one load builds: W[r - p, s - q], zero where that is outside."""
    tensors = (Tensor("I", S16, (16, 16), border=0), Tensor("W", S16, (3, 3)), Tensor("O", S16, (16, 16)))
    tape = Tape("banded", "p16", tensors, ("I", "W"), ("O",))
    image = operation("load", {"y": 18, "x": 18}, source=at("dram.I", S16, y=(1, 0), x=(0, 1)),
                      destination=at("spad", S16, y=36, x=2))  # fmt: skip
    band = operation("load", {"r": 6, "s": 6, "p": 4, "q": 4},
                     source=at("dram.W", S16, 0, r=(1, 0), s=(0, 1), p=(-1, 0), q=(0, -1)),
                     destination=at("spad", S16, r=192, s=32, p=8, q=2))  # fmt: skip
    product = operation("mac", {"i": (4, 4), "j": (4, 4), "k": (6, 6)}, "initialise",
                        A=at("spad", S16, k=[36, 2], i=[144, 8]), B=at("spad", S16, k=[192, 32], j=[8, 2]),
                        C=at("acc", S16, i=[128, 32], j=[8, 2]))  # fmt: skip
    out = operation("store", {"y": 4, "x": 4, "p": 4, "q": 4}, source=at("spad", S16, y=128, x=32, p=8, q=2),
                    destination=at("dram.O", S16, y=(4, 0), x=(0, 4), p=(1, 0), q=(0, 1)))  # fmt: skip
    windows, matrix = tape.issue(image, -1, -1, 0), tape.issue(band, 0, 0, 1024)
    done = tape.issue(product, 0, 1024, 0, after=[(windows, RESULT), (matrix, RESULT)])
    moved = tape.issue(move("drain"), 0, 4096, after=[(done, RESULT)])
    tape.issue(out, 4096, 0, 0, after=[(moved, RESULT)])
    return tape, kernel(tensors, "O[p,q] += I[p+r-1,q+s-1] * W[r,s]")


def refilled() -> tuple[Tape, Workload]:
    """GEMM 32x16x40 on p16 with K in two chunks: C tiles leave the accumulators and come back through fill."""
    tensors = (Tensor("A", S16, (32, 40)), Tensor("B", S16, (40, 16)), Tensor("C", S16, (32, 16)))
    tape = Tape("refilled", "p16", tensors, ("A", "B"), ("C",))
    kept = [8192, 8704]
    drains: list[int] = []
    macs: list[int] = []
    for chunk, (first, depth) in enumerate(((0, 24), (24, 16))):
        free = [(macs[-1], OPERANDS)] if chunk else []
        b = tape.issue(load_panel("B", "columns", depth), first, 0, 4096, after=free)
        for t in range(2):
            free = [(macs[t], OPERANDS)] if chunk else []
            a = tape.issue(load_panel("A", "rows", depth), 16 * t, first, 1024 * t, after=free)
            waits = [(a, RESULT), (b, RESULT)]
            if chunk:
                filled = tape.issue(move("fill"), 512 * t, kept[t], after=[(drains[t], RESULT)])
                waits.append((filled, RESULT))
            product = mac(depth, "accumulate" if chunk else "initialise")
            macs.append(tape.issue(product, 1024 * t, 4096, 512 * t, after=waits))
            space = [(filled, OPERANDS)] if chunk else []
            drains.append(tape.issue(move("drain"), 512 * t, kept[t], after=[(macs[-1], RESULT), *space]))
            if chunk:
                tape.issue(store_tile(), kept[t], 16 * t, 0, after=[(drains[-1], RESULT)])
    return tape, kernel(tensors, "C[m,n] += A[m,k] * B[k,n]")
