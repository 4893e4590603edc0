"""e06 says what its results say: every answer checked, at or above its bounds, and the smallest comes out the same."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from isamap import load_workload
from tests.experiments.loading import load

HERE = Path(__file__).resolve().parents[2] / "experiments" / "e06_p16_race"
PEERS = json.loads((HERE / "peers.json").read_text())
Results = dict[str, Any]


@pytest.fixture(scope="module")
def experiment() -> ModuleType:
    return load(HERE)


@pytest.fixture(scope="module")
def results() -> Results:
    found = json.loads((HERE / "results.json").read_text())
    assert isinstance(found, dict)
    return found


def test_the_readme_shows_the_results(experiment: ModuleType, results: Results) -> None:
    assert experiment.tables(results) in (HERE / "README.md").read_text()
    assert [(row["kernel"], row["objective"]) for row in results["isamap"]] == experiment.CASES


def test_lower_bounds_are_work_and_compulsory_words() -> None:
    """256 multiply-accumulates and 8 words of 16 bits per cycle; windows read no border from memory."""
    for given in PEERS["latency_cycles"]:
        work = load_workload(f"p16/{given['kernel']}")
        macs = sum(prod(einsum.extents.values()) for einsum in work.einsums)
        words = sum(prod(work.tensor(name).shape) for name in (*work.inputs, *work.outputs))
        assert given["lower_bound"] == max(-(-macs // 256), -(-words // 8)), given["kernel"]


def test_answers_are_checked_and_between_bound_and_aim(results: Results) -> None:
    given = {row["kernel"]: row for row in PEERS["latency_cycles"]}
    for row in results["isamap"]:
        assert row["checked"], row["kernel"]
        if row["objective"] == "latency":
            aims = given[row["kernel"]]
            assert aims["lower_bound"] <= row["bound"] <= row["latency_cycles"] <= aims["at_most"], row["kernel"]
        else:
            most = next(one["at_most"] for one in PEERS["energy_uj"] if one["kernel"] == row["kernel"])
            assert row["bound"] <= row["energy_pj"] <= most * 1e6, row["kernel"]


def test_no_peer_that_could_be_run_is_faster(results: Results) -> None:
    """Without a note, a peer's mapping fits the machine; only for dw and dwpw does Stream say less, with a note."""
    ours = {row["kernel"]: row["latency_cycles"] for row in results["isamap"] if row["objective"] == "latency"}
    for given in PEERS["latency_cycles"]:
        for name in PEERS["versions"]:
            figures = given.get(name, [])
            for cycles, note in figures if isinstance(figures, list) else []:
                assert note or ours[given["kernel"]] <= cycles, (given["kernel"], name)


def test_a_peer_that_is_not_there_is_said_not_to_be(experiment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = {name: peer | {"module": "no_such_peer"} for name, peer in PEERS["versions"].items()}
    monkeypatch.setitem(experiment.PEERS, "versions", nobody)
    assert experiment.run_peers(experiment.sys.executable) == dict.fromkeys(nobody, "not installed")


def test_a_row_comes_out_the_same(experiment: ModuleType, results: Results) -> None:
    again = experiment.measure("g64", "latency")
    mine = [key for key in again if key not in ("seconds", "memory_mib")]
    assert {key: again[key] for key in mine} == {key: results["isamap"][0][key] for key in mine}, "run it again"
