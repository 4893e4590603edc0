"""Sweep files: the grid that one means, and each mistake that one can hold, with line, column and message."""

from __future__ import annotations

from pathlib import Path

import pytest

from isamap.compile import Options
from isamap.spec import SpecError, Sweep, load_sweep, schema

LINES = [
    "name: s",  # 1
    "kernels:",
    "  - p16/gmed",
    "  - {kernel: gemm, set: {M: [64, 128], in: s16, acc: s16}}",
    "targets:",  # 5
    "  - {target: p16, set: {spad_kib: [16, 32], bus_bytes_per_cycle: 8}}",
    "options: {method: heuristic, objective: [latency, energy], time_limit_s: 20, seed: 0}",
    "job_time_limit_s: 60",
    "jobs: 3",
    "retries: 2",  # 10
    "pareto: {minimise: [latency_cycles, peak_bytes.spad, target.spad_kib, traffic_bytes.load]}",
]


def load(*changes: tuple[int, str]) -> Sweep:
    """The sweep where lines are replaced."""
    lines = list(LINES)
    for number, line in changes:
        lines[number - 1] = line
    return load_sweep("\n".join(lines) + "\n", Options)


def mistakes(*changes: tuple[int, str]) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(*changes)
    return [f"{d.line}:{d.column}: {d.fault}" for d in caught.value.diagnostics]


def test_the_grid() -> None:
    sweep = load()
    assert [(v.source, v.settings) for v in sweep.kernels] == [
        ("p16/gmed", ()),
        ("gemm", (("M", 64), ("in", "s16"), ("acc", "s16"))),
        ("gemm", (("M", 128), ("in", "s16"), ("acc", "s16"))),
    ]
    assert [dict(v.noun.parameters)["spad_kib"] for v in sweep.targets if v.noun] == [16, 32]
    assert [dict(choice)["objective"] for choice in sweep.options] == ["latency", "energy"]
    assert (sweep.job_time_limit_s, sweep.jobs, sweep.retries) == (60.0, 3, 2)
    assert sweep.minimise == ("latency_cycles", "peak_bytes.spad", "target.spad_kib", "traffic_bytes.load")


def test_what_need_not_be_said() -> None:
    sweep = load_sweep("name: s\nkernels: [gemm]\ntargets: [tiny]\n", Options)
    assert sweep.options == ((),)
    assert (sweep.job_time_limit_s, sweep.jobs, sweep.retries, sweep.minimise) == (None, 2, 1, ("latency_cycles",))


def test_files_beside_the_sweep_are_found_first(tmp_path: Path) -> None:
    (tmp_path / "gemm.yaml").write_text(
        "name: mine\nsizes: {M: 4}\ntensors:\n  X: {dtype: s32, shape: [M]}\n  Y: {dtype: s32, shape: [M]}\n"
        "einsums:\n  - Y[m] = X[m] + 1\n"
    )
    (tmp_path / "s.yaml").write_text("name: s\nkernels: [gemm.yaml, gemm]\ntargets: [tiny]\n")
    names = [v.noun.name for v in load_sweep(tmp_path / "s.yaml", Options).kernels if v.noun]
    assert names == ["mine", "gemm"]


METRICS = (
    "a metric of latency_cycles bound_cycles energy_pj issues solve_seconds peak_bytes.spad peak_bytes.acc "
    "traffic_bytes.load traffic_bytes.store target.spad_kib target.bus_bytes_per_cycle target.array_rows "
    "target.array_columns"
)


@pytest.mark.parametrize(
    ("line", "text", "said"),  # ^ stands before the place that is reported
    [
        # keys and shapes
        (9, "^job: 3",
         ("job: expected a key of description job_time_limit_s jobs kernels name options pareto retries targets, "
          "got the unknown key 'job'; did you mean 'jobs'?")),
        (4, "  - ^{set: {M: 3}}", "kernels.1: expected the key kernel, got only set"),
        (4, "  - ^[gemm, M]", "kernels.1: expected text or a mapping, got a list"),
        (6, "  - {target: p16, set: ^[16, 32]}", "targets.0.set: expected a mapping, got a list"),
        (7, "options: ^[latency]", "options: expected a mapping, got a list"),
        (11, "pareto: {minimise: ^latency_cycles}", "pareto.minimise: expected a list, got 'latency_cycles'"),
        (11, "pareto: ^{}", "pareto: expected the key minimise, got only nothing"),
        # numbers
        (8, "job_time_limit_s: ^0", "job_time_limit_s: expected a number of seconds above 0, got 0"),
        (9, "jobs: ^0", "jobs: expected a whole number of at least 1, got 0"),
        (9, "jobs: ^two", "jobs: expected a whole number, got 'two'"),
        (10, "retries: ^-1", "retries: expected a whole number of at least 0, got -1"),
        # settings
        (4, "  - {kernel: gemm, set: {^spad_kib: 3}}",
         "kernels.1.set.spad_kib: expected what gemm has: a name of M N K in acc, got 'spad_kib'"),
        (6, "  - {target: p16, set: {^spad_kb: [3]}}",
         ("targets.0.set.spad_kb: expected what p16 has: a name of spad_kib bus_bytes_per_cycle array_rows "
          "array_columns, got 'spad_kb'; did you mean 'spad_kib'?")),
        (4, "  - {kernel: gemm, set: {M: ^[]}}", "kernels.1.set.M: expected at least one value, got an empty list"),
        (4, "  - {kernel: gemm, set: {M: [64, 32, ^64]}}", "kernels.1.set.M.2: expected each value once, got 64 again"),
        (4, "  - {kernel: gemm, set: {M: [64, ^0], N: [1, 2]}}",
         "kernels.1.set.M.1: expected a positive extent, got 0; sizes.M"),
        (6, "  - {target: p16, set: {spad_kib: [^0, 16], bus_bytes_per_cycle: [8, 16]}}",
         ("targets.0.set.spad_kib.0: expected a whole number of B of at least 1, got 0; "
          "memories.spad.capacity_bytes: 1024*spad_kib where spad_kib = 0")),
        (6, "  - {target: p16, set: {spad_kib: [16, ^many]}}",
         "targets.0.set.spad_kib.1: expected a number, got 'many'; parameters.spad_kib"),
        # options
        (7, "options: {^objectiv: energy}",
         ("options.objectiv: expected an option of method objective time_limit_s workers seed deterministic "
          "instruction realise replicate empty_axes, got 'objectiv'; did you mean 'objective'?")),
        (7, "options: {objective: [latency, ^enrgy]}",
         "options.objective.1: expected one of latency energy edp traffic, got 'enrgy'; did you mean 'energy'?"),
        (7, "options: {seed: ^1.5}", "options.seed: expected a whole number, got 1.5"),
        (7, "options: {deterministic: ^1}", "options.deterministic: expected true or false, got 1"),
        (7, "options: {time_limit_s: [1, ^-1]}", "options.time_limit_s.1: expected at least 0 seconds, got -1"),
        (7, "options: {workers: ^0}", "options.workers: expected at least 1, got 0"),
        (7, "options: {instruction: [null, mac, ^mca]}",
         "options.instruction.2: expected an instruction of mac vmac drain fill, got 'mca'; did you mean 'mac'?"),
        # metrics
        (11, "pareto: {minimise: [^latency]}",
         f"pareto.minimise.0: expected {METRICS}, got 'latency'; did you mean 'latency_cycles'?"),
        (11, "pareto: {minimise: [target.spad_kib, ^target.spad_kib]}",
         "pareto.minimise.1: expected each metric once, got target.spad_kib again"),
        (11, "pareto: {minimise: ^[]}", "pareto.minimise: expected at least one metric, got an empty list"),
    ],
)  # fmt: skip
def test_mistakes(line: int, text: str, said: str) -> None:
    if "an option of" in said:  # the compiler may learn more of them
        said = said.replace(said[said.index("an option of") : said.index(", got")], _options())
    assert mistakes((line, text.replace("^", ""))) == [f"{line}:{text.index('^') + 1}: {said}"]


def _options() -> str:
    return f"an option of {' '.join(Options.__dataclass_fields__)}"


def test_missing_and_empty_groups() -> None:
    with pytest.raises(SpecError) as caught:
        load_sweep("name: s\ntargets: []\n", Options)
    assert [f"{d.line}: {d.fault}" for d in caught.value.diagnostics] == [
        "1: expected the key kernels, got only name targets",
        "2: targets: expected at least a machine, got an empty list",
    ]


def test_every_mistake_at_once() -> None:
    found = mistakes(
        (3, "  - gmad"),
        (4, "  - {kernel: gemm, set: {M: [0, 4], Q: 3}}"),
        (6, "  - {target: p61}"),
        (7, "options: {method: best, objectiv: latency}"),
        (9, "jobs: 0"),
    )
    assert [said.partition(": ")[0] for said in found] == ["3:5", "4:30", "4:37", "6:14", "7:19", "7:25", "9:7"]
    assert "got 'gmad'; no kernel 'gmad'; did you mean" in found[0]
    assert "got 'p61'; no hardware 'p61'; did you mean 'p16'?" in found[3]


def test_mistakes_of_the_files_that_it_names_are_theirs(tmp_path: Path) -> None:
    (tmp_path / "k.yaml").write_text("name: k\ntensors: {}\neinsums: [Cm]\nsize: 3\n")
    (tmp_path / "t.yaml").write_text("name: t\nmemories: [\n")
    (tmp_path / "s.yaml").write_text("name: s\nkernels: [k.yaml, {kernel: k.yaml}]\ntargets: [t.yaml]\njobs: 0\n")
    with pytest.raises(SpecError) as caught:
        load_sweep(tmp_path / "s.yaml", Options)
    places = [(Path(d.file).name, d.line) for d in caught.value.diagnostics]
    assert set(places) == {("k.yaml", 3), ("k.yaml", 4), ("t.yaml", 3), ("s.yaml", 4)}
    assert len(places) == len(set(places)), "once each, though the kernel is named twice"


def test_values_that_only_do_not_go_together_make_a_variant_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "k.yaml").write_text(
        "name: k\nsizes: {M: 4, S: 2}\ntensors:\n  X: {dtype: s32, shape: [M/S]}\n  Y: {dtype: s32, shape: [M/S]}\n"
        "einsums:\n  - Y[m] = X[m] + 1\n"
    )
    (tmp_path / "s.yaml").write_text(
        "name: s\nkernels: [{kernel: k.yaml, set: {M: [4, 6], S: [2, 3]}}]\ntargets: [tiny]\n"
    )
    found = load_sweep(tmp_path / "s.yaml", Options).kernels
    assert [variant.noun is not None for variant in found] == [True, False, True, True]
    assert "expected a whole number, got 4/3; M/S where M = 4, S = 3" in found[1].refusal


def test_a_grid_too_large_is_refused() -> None:
    many = ", ".join(map(str, range(1, 400)))
    (said,) = mistakes((6, f"  - {{target: p16, set: {{spad_kib: [{many}], bus_bytes_per_cycle: [{many}]}}}}"))
    assert "targets.0.set: expected at most 100,000 combinations, got 159,201" in said


def test_the_schema_knows_every_key() -> None:
    record = schema("sweep")
    keys = {line.partition(":")[0] for line in LINES if not line.startswith(" ")}
    assert keys <= set(record["properties"])
    assert set(record["required"]) == {"name", "kernels", "targets"}
