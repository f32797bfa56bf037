"""The laws of fuzzing without a fuzzer: the corpus is replayed, and Hypothesis tries a few inputs of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.laws import Workshop, of_text
from tests.fuzz.mutator import mutate, pieces
from tests.fuzz.seeds import HERE, seeds, statements

few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    made = Workshop(tmp_path_factory.mktemp("workshop"))
    yield made
    made.remove()


def law_of(name: str, workshop: Workshop) -> Callable[[bytes], None]:
    return {"text": of_text, "spec": workshop.of_spec, "table": workshop.of_table}[name]


@pytest.mark.parametrize("law", ["text", "spec", "table"])
def test_the_corpus_keeps_the_laws(law: str, workshop: Workshop) -> None:
    for data in seeds(law):
        law_of(law, workshop)(data)


def test_the_corpus_is_small() -> None:
    assert sum(path.stat().st_size for path in (HERE / "corpus").rglob("*") if path.is_file()) < 300_000


@few
@given(st.binary(max_size=300))
def test_any_bytes_are_read_and_shown(data: bytes) -> None:
    of_text(data)


@few
@given(st.sampled_from(statements()), st.integers(0, 2**32))
def test_a_changed_block_is_parsed_and_shown(data: bytes, seed: int) -> None:
    of_text(mutate(data, 3_000, seed, [pieces(other) for other in statements()[:20]], lambda same, _: same))


@few
@given(st.data())
def test_a_changed_spec_or_table_is_compiled_or_refused(workshop: Workshop, data: st.DataObject) -> None:
    law = data.draw(st.sampled_from(["spec", "table"]))
    inputs = seeds(law)
    one, seed = data.draw(st.sampled_from(inputs)), data.draw(st.integers(0, 2**32))
    law_of(law, workshop)(mutate(one, 12_000, seed, [pieces(other) for other in inputs[:20]], lambda same, _: same))


def test_pieces_are_the_input_again() -> None:
    for data in (*seeds("text"), *seeds("table")):
        assert "".join(pieces(data)).encode("utf-8", "surrogateescape") == data


def test_the_same_seed_makes_the_same_change() -> None:
    inputs = [pieces(data) for data in statements()]
    for seed in range(50):
        one, other = (mutate(b"model m { }", 100, seed, inputs, lambda same, _: same) for _ in range(2))
        assert one == other and len(one) <= 100
