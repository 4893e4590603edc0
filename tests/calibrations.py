"""Calibrations that nobody measured, for what is done with them."""

from __future__ import annotations

from isamap.ir.calibration import Calibration, Level, Roof, Timing

KIB, MIB = 1 << 10, 1 << 20
LEVELS = (
    Level("l1", 4.02, 60.6, 32.0, 32 * KIB, 8, 64),
    Level("l2", 14.3, 31.9, 30.2, MIB, 8, 64),
    Level("l3", 56.2, 26.7, 26.9, 32 * MIB, None, 64),
    Level("dram", 571.7, 8.8, 9.0),
)
ONE_PIPE = (  # one 64 B multiplication, one load per cycle, a store in two; additions of integers twice as often
    Timing("vfmadd231ps", 1.004, 4.02, 4.02), Timing("vfmadd231ps_m32bcst", 1.01, 10.1, 4.01),
    Timing("vpdpbusd", 1.0, 4.6, 3.98), Timing("vpaddd", 0.503, 1.0), Timing("vdivps", 6.0, 11.0),
    Timing("vmovups_load", 1.02, 7.02), Timing("vmovups_store", 2.04, 5.0), Timing("vbroadcastss", 0.51, 7.0),
)  # fmt: skip
TWO_PIPES = (
    Timing("vfmadd231ps", 0.53, 4.0, 4.0), Timing("vpaddd", 0.51, 1.0), Timing("vcvtdq2ps", 1.02, 4.0),
    Timing("vpmovsdb", 2.06, 6.0), Timing("vpxord_128", 0.34, 1.0), Timing("vmulps", 1.06, 4.0),
    Timing("vmovups_load", 0.52, 8.0), Timing("vmovups_store", 1.02, 12.0),
)  # fmt: skip


def calibration(timings: tuple[Timing, ...] = ONE_PIPE, cpu: str = "Abacus 3 (znver9)") -> Calibration:
    roofs = (Roof("vfmadd231ps", 117.8, "GF/s"),)
    return Calibration(cpu, "2026-01-31", "by hand", "x86_avx512", 64, 3.68e9, timings, LEVELS, roofs)
