"""The kernels of the experiment: 48 to learn from, 20 others to be judged by; on five machines."""

from __future__ import annotations

from dataclasses import dataclass

S16 = {"in": "s16", "acc": "s16"}
IN16 = {"in": "s16"}


@dataclass(frozen=True)
class Case:
    """A kernel with sizes on a machine."""

    target: str
    kernel: str
    sizes: tuple[tuple[str, object], ...]

    @property
    def name(self) -> str:
        return " ".join([self.kernel, *(f"{name}={value}" for name, value in self.sizes), "on", self.target])


def _gemm(target: str, m: int, n: int, k: int, **types: object) -> Case:
    return Case(target, "gemm", (("M", m), ("N", n), ("K", k), *types.items()))


def _conv1d(target: str, k: int, c: int, p: int, r: int, **types: object) -> Case:
    return Case(target, "conv1d", (("K", k), ("C", c), ("P", p), ("R", r), *types.items()))


def _conv2d(target: str, k: int, c: int, p: int, r: int, **types: object) -> Case:
    return Case(target, "conv2d", (("K", k), ("C", c), ("P", p), ("Q", p), ("R", r), ("S", r), *types.items()))


def _depthwise(c: int, p: int, r: int) -> Case:
    return Case("p16", "depthwise_conv2d", (("C", c), ("P", p), ("Q", p), ("R", r), ("S", r), *S16.items()))


def _pointwise(k: int, c: int, p: int) -> Case:
    return Case("p16", "pointwise_conv2d", (("K", k), ("C", c), ("P", p), ("Q", p), *S16.items()))


def _tiny(*sizes: tuple[int, int, int]) -> tuple[Case, ...]:
    return tuple(_gemm("tiny", *one) for one in sizes)


def _tiles(*sizes: tuple[int, int, int]) -> tuple[Case, ...]:
    return tuple(_gemm("tiles", *one, **IN16) for one in sizes)


def _vliw4(*sizes: tuple[int, int, int]) -> tuple[Case, ...]:
    return tuple(_gemm("vliw4", *one) for one in sizes)


def _gemmini(*sizes: tuple[int, int, int]) -> tuple[Case, ...]:
    return tuple(_gemm("gemmini", *one) for one in sizes)


def _p16(*sizes: tuple[int, int, int]) -> tuple[Case, ...]:
    return tuple(_gemm("p16", *one, **S16) for one in sizes)


TO_LEARN_FROM = (
    *_tiny((8, 6, 9), (7, 7, 7), (12, 5, 8), (3, 16, 11), (16, 16, 16), (9, 4, 7), (5, 11, 13)),
    _conv1d("tiny", 4, 3, 10, 3),
    _conv1d("tiny", 3, 4, 9, 2),
    _conv1d("tiny", 2, 5, 14, 3),
    *_tiles((64, 64, 64), (96, 48, 80), (32, 128, 64), (80, 80, 112), (48, 48, 160), (32, 48, 48), (112, 64, 48)),
    *_tiles((64, 96, 128), (144, 32, 64), (80, 64, 96)),
    *_vliw4((32, 32, 32), (16, 24, 40), (48, 20, 16), (12, 12, 64), (24, 28, 20), (20, 40, 28)),
    _conv1d("vliw4", 8, 8, 24, 3),
    _conv1d("vliw4", 12, 6, 20, 5),
    *_gemmini((64, 64, 64), (96, 32, 128), (40, 100, 72), (80, 48, 96), (120, 56, 40), (48, 128, 48)),
    _conv2d("gemmini", 16, 16, 10, 3),
    _conv2d("gemmini", 24, 8, 12, 3),
    *_p16((64, 64, 64), (100, 40, 90), (72, 72, 48), (48, 112, 60)),
    _conv2d("p16", 16, 16, 14, 3, **S16),
    _conv2d("p16", 24, 8, 12, 3, **S16),
    _conv2d("p16", 32, 12, 10, 5, **S16),
    _depthwise(32, 14, 3),
    _depthwise(24, 12, 5),
    _conv1d("p16", 32, 16, 60, 5, **S16),
    _pointwise(32, 24, 12),
    _pointwise(48, 40, 9),
)
NEVER_SEEN = (
    *_tiny((6, 10, 7), (11, 7, 9), (4, 13, 10)),
    _conv1d("tiny", 5, 2, 11, 3),
    *_tiles((64, 80, 80), (48, 96, 64), (96, 80, 48), (128, 48, 96)),
    *_vliw4((28, 16, 36), (36, 24, 24), (16, 44, 20)),
    _conv1d("vliw4", 10, 7, 22, 3),
    *_gemmini((72, 80, 64), (56, 64, 120)),
    _conv2d("gemmini", 16, 12, 11, 3),
    *_p16((80, 56, 72), (60, 96, 50)),
    _conv2d("p16", 20, 16, 12, 3, **S16),
    _conv1d("p16", 24, 20, 50, 7, **S16),
    _pointwise(40, 32, 11),
)
