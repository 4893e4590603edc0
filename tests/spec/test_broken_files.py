"""However a file is broken, the answer is a message with a place, never a crash."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isamap.errors import Fault, InputError, Unsupported
from isamap.spec import SpecError, bundled, load_target, load_workload, schema
from isamap.spec.diagnostic import did_you_mean

KERNELS = [path.read_text() for path in bundled("kernel").values()]
MACHINES = [path.read_text() for path in bundled("hardware").values()]
SCRAPS = ["", " ", ":", "[", "]", "{", "}", "-", "\n", "\t", "'", "*", "&x", "0", "-1", "x", "#", "null", "1e9", "/"]


def broken(text: str, data: st.DataObject) -> str:
    """``text`` with a few places cut, doubled or overwritten."""
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 12)))
        text = text[:start] + data.draw(st.sampled_from([*SCRAPS, text[start:end] * 2])) + text[end:]
    return text + "\n"


def refusal(load: Callable[[str], object], text: str) -> InputError | Unsupported | None:
    try:
        load(text)
    except (InputError, Unsupported) as error:
        return error
    return None


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([(load_workload, text) for text in KERNELS] + [(load_target, t) for t in MACHINES]), st.data())
def test_a_message_with_a_place(case: tuple[Callable[[str], object], str], data: st.DataObject) -> None:
    load, text = case
    error = refusal(load, broken(text, data))
    if isinstance(error, SpecError):
        assert error.diagnostics
        assert all(d.line >= 1 and d.column >= 1 for d in error.diagnostics)
    elif error is not None:
        assert isinstance(error, Unsupported)
        assert "symbolic" in str(error)


@pytest.mark.parametrize(
    ("word", "possible", "said"),
    [
        ("gem", ["gemv", "gemm", "conv"], "did you mean 'gemv' or 'gemm'?"),
        ("m", ["M", "N"], "did you mean 'M'?"),
        ("zebra", ["M", "N"], ""),
        ("x", [], ""),
    ],
)
def test_did_you_mean(word: str, possible: list[str], said: str) -> None:
    assert did_you_mean(word, possible) == said


def test_faults_keep_their_words() -> None:
    with pytest.raises(SpecError) as caught:
        load_workload("name: x\ntensors: {}\neinsums: []\n")
    assert caught.value.faults == (Fault(("einsums",), "at least one einsum", "none"),)


def test_schemas_are_json_and_closed() -> None:
    for kind in ("kernel", "hardware"):
        text = json.loads(json.dumps(schema(kind)))  # type: ignore[arg-type]
        assert text["additionalProperties"] is False
        assert "name" in text["required"]
    assert "from" in schema("hardware")["$defs"]["TransferShape"]["properties"]
