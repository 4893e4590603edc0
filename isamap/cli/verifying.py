"""``isamap verify``: a result file's program, bounds and certificate checked again, no solver asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from isamap.cli.arguments import Json
from isamap.cli.exits import CHECK_FAILED, complain
from isamap.cli.progress import Progress
from isamap.cli.simulating import ResultFile
from isamap.cli.terminal import print_json, show

if TYPE_CHECKING:
    from isamap.ir.answers import Violation
    from isamap.result import Result
    from isamap.simulate import Simulation


def verify_result(result: ResultFile, as_json: Json = False) -> None:
    """Runs the program of RESULT.json again and checks everything that the file says of it: what it costs, the bounds,
    and the certificate, whose matches, tiles and pieces are enumerated again by brute force."""
    from isamap.result import read_result

    with Progress() as progress:
        progress("reading")
        read = read_result(result)
        progress("running the program and enumerating what the certificate rests on")
        from isamap.verify import verify

        verified = verify(read)
    violations = verified.violations
    if as_json:
        print_json(_to_json(read, verified.simulation, violations))
    elif not violations:
        show(_report(read))
    if violations:
        complain("\n".join([f"{result}: what it says does not hold:", *map(str, violations)]))
        raise typer.Exit(CHECK_FAILED)


def _report(read: Result) -> str:
    certificate = read.certificate
    assert certificate is not None
    value, bound = _number(certificate.value), _number(certificate.bound)
    lines = [
        f"{read.work.name} on {read.target.name}: every check passed",
        f"  {certificate.objective} {value}, bound {bound}: {certificate.kind}",
    ]
    lines += [f"  {name}: {_number(value)}" for name, value in certificate.bounds]
    lines += [f"  within {name}: {value}" for name, value in certificate.within]
    if certificate.searched:
        cuts = f"{certificate.candidates:,} cuts of {len(certificate.matches)} matches enumerated again"
        lines.append(f"  {cuts}; {len(certificate.closed)} of them rest on a solver's word")
    return "\n".join(lines)


def _number(bound: float | None) -> str:
    return "unknown" if bound is None else f"{bound:.12g}"


def _to_json(read: Result, simulation: Simulation, violations: tuple[Violation, ...]) -> dict[str, Any]:
    certificate = read.certificate
    return {
        "kernel": read.work.name,
        "target": read.target.name,
        "verified": not violations,
        "certificate": certificate.kind if certificate else "none",
        "objective": read.summary.get("objective"),
        "value": read.summary.get("value"),
        "bound": read.summary.get("bound"),
        "latency_cycles": simulation.latency_cycles,
        "within": dict(certificate.within) if certificate else {},
        "matches": len(certificate.matches) if certificate else 0,
        "candidates": certificate.candidates if certificate else 0,
        "closed": len(certificate.closed) if certificate else 0,
        "violations": [{"rule": v.rule, "where": v.where, "detail": v.detail} for v in violations],
    }
