"""``jit``: an einsum, and what is done to its sums, as a function on arrays, compiled for this machine.

f = jit("C[m,n] += A[m,k] * B[k,n]", A=a, B=b)
c = f(a, b)
g = jit("S[m,n] += A[m,k] * B[k,n]; C[m,n] = max(S[m,n] + bias[n], 0)", A=a, B=b, bias=d)
h = jit("C[m,n] += A[m,k] * B[k,n]", A=a, B=b, before=["B"])
c = h(a, h.pack("B", b))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from isamap.codegen.cpu import require_runs
from isamap.deploy import kept
from isamap.deploy.here import host_core, kernels_folder
from isamap.deploy.kernel import Kernel
from isamap.deploy.measured import seconds_of
from isamap.deploy.part import Part, part
from isamap.deploy.statement import Statements, workload_of
from isamap.errors import Fault, InputError
from isamap.ir.contraction import Contraction, contraction_of
from isamap.ir.cpu import Core
from isamap.ir.ranking import Ranking
from isamap.ir.workload import Workload
from isamap.tiling.cached import blockings, shares

_CANDIDATES = 12
_MEASURING_S = 2.0


def jit(
    statements: Statements,
    core: Core | None = None,
    /,
    *,
    threads: int = 1,
    measure: bool = False,
    before: Sequence[str] = (),
    keep: bool = True,
    **arrays: object,
) -> Kernel:
    """The einsum, or several, for arrays of these shapes, strides and types; where the output is among them and goes on
    from what it holds, that is read.

    ``core`` is a description of this CPU's (None: the target ``host``); ``measure`` times the model's best candidates
    on it and takes the quickest; factors ``before`` are given in panels, from ``Kernel.pack``; ``keep``: compiled
    kernels are kept on disk and found there again. Raises InputError, also where this CPU has not what code for the
    core may use, and Unsupported for what is not compiled yet.
    """
    work = workload_of(statements, arrays)
    return jit_workload(work, core, threads=threads, measure=measure, before=before, keep=keep)


def jit_workload(
    work: Workload,
    core: Core | None = None,
    *,
    threads: int = 1,
    measure: bool = False,
    before: Sequence[str] = (),
    keep: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> Kernel:
    """A contraction, and what becomes of its sums. Raises InputError and Unsupported as ``jit`` does."""
    core = core or host_core()
    if core.llvm is not None:
        require_runs(core.llvm, core.name)
    what = contraction_of(work)
    _require(what, threads, before)
    whats = shares(what, core, threads)
    folder, name = kernels_folder(), kept.key(whats, core, before, measure)
    found = kept.read(folder, name, whats, core) if keep else None
    if found is None:
        found = _compiled(whats, core, before, measure, progress)
        if keep:
            kept.write(folder, name, *found)
    return Kernel(work, *found)


def _require(what: Contraction, threads: int, before: Sequence[str]) -> None:
    faults = [] if threads >= 1 else [Fault(("threads",), "at least 1", str(threads))]
    factors = [factor.tensor for factor in what.factors]
    for name in before:
        if name not in factors:
            faults.append(Fault(("before",), f"one of the factors, {' and '.join(factors)}", repr(name)))
    if faults:
        raise InputError(faults)


def _compiled(
    whats: Sequence[Contraction], core: Core, before: Sequence[str], measure: bool, progress: Callable[[str], None]
) -> tuple[tuple[Part, ...], Ranking | None]:
    """Every share cut as the first is best cut, where they are alike."""
    found: list[Part] = []
    ranking = None
    for what in whats:
        alike = [each.how for each in found if each.what.extents == what.extents]
        if alike:
            found.append(part(what, alike[0], core))
        elif measure:
            best, ranking = _quickest(what, core, before, progress)
            found.append(best)
        else:
            ((how, _),) = blockings(what, core, 1, before)
            found.append(part(what, how, core))
    return tuple(found), ranking


def _quickest(
    what: Contraction, core: Core, before: Sequence[str], progress: Callable[[str], None]
) -> tuple[Part, Ranking]:
    chosen = blockings(what, core, _CANDIDATES, before)
    candidates = []
    for n, (how, _) in enumerate(chosen):
        progress(f"compiling candidate {n + 1} of {len(chosen)}")
        candidates.append(part(what, how, core))
    progress(f"timing {len(candidates)} candidates")
    seconds = seconds_of(candidates, _MEASURING_S)
    ranking = Ranking(tuple(cycles for _, cycles in chosen[: len(seconds)]), tuple(seconds))
    return candidates[seconds.index(min(seconds))], ranking
