"""Laws of comparing audits: an audit is like itself however it is laid out; the other way round is the mirror image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditc.api.comparisons import compare
from auditc.compiler.compare import Comparison
from auditc.compiler.compare.outcome import FigureOutcome
from auditc.diagnostics import Sink, Source
from auditc.spec import format_file, parse
from tests.compiler.pairs_of import PAIRS, laid
from tests.compiler.test_plans import everything
from tests.laws.test_plan_laws import relaid, shuffled

NAMES = [pair.stem for pair in PAIRS]


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
def test_an_audit_is_like_itself(pair: Path, tmp_path: Path) -> None:
    for path in laid(pair, tmp_path):
        found = compare(path, path)
        assert (found.verdict, found.changes) == ("comparable", ())
        assert (
            {figure.verdict for figure in found.figures} == {claim.verdict for claim in found.claims} == {"comparable"}
        )
        assert not any((*figure.cautions, *figure.notes) for figure in found.figures)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return everything(tmp_path_factory.mktemp("original"))


def test_formatting_is_no_change(original: Path, tmp_path: Path) -> None:
    path = everything(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(format_file(parse(Source("x", relaid(text, 7)), Sink())), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    assert not compare(original, path).changes


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layout=st.integers(0, 2**32), order=st.integers(0, 2**32))
def test_layout_comments_and_order_are_no_change(
    original: Path, tmp_path_factory: pytest.TempPathFactory, layout: int, order: int
) -> None:
    path = everything(tmp_path_factory.mktemp("other"))
    path.write_text(relaid(shuffled(path.read_text(encoding="utf-8"), order), layout), encoding="utf-8")
    assert not compare(original, path.rename(path.with_name("called_otherwise.audit"))).changes


def told(found: Comparison, *, mirrored: bool) -> dict[str, Any]:
    """All that a comparison says, or what it must say the other way round."""
    turned = {"added": "removed", "removed": "added"} if mirrored else {}
    changes = []
    for c in found.changes:
        sides = [(c.before, c.origin_before), (c.after, c.origin_after)]
        names = [c.was or c.name, c.name]
        if mirrored:
            sides.reverse()
            names.reverse()
        changes.append((c.section, names, c.key, turned.get(c.kind, c.kind), sides, c.consequence, c.reason))
    figures = [_figure(f) for f in found.figures]
    claims = [
        (sorted({c.was or c.claim, c.claim}), c.verdict, c.figures, len(c.reasons), len(c.cautions), len(c.notes))
        for c in found.claims
    ]
    alone = [found.only_before, found.only_after]
    return {
        "verdict": found.verdict,
        "changes": sorted(changes, key=repr),
        "figures": sorted(figures, key=repr),
        "claims": sorted(claims),
        "alone": alone[::-1] if mirrored else alone,
    }


def _figure(f: FigureOutcome) -> tuple[Any, ...]:
    """What a figure's outcome says, whichever of the two audits comes first."""
    counts = (len(f.reasons), len(f.cautions), len(f.notes), *sorted([f.items_before, f.items_after]))
    return (
        *(sorted({f.was or f.block, f.block}), f.metric, f.verdict),
        *(sorted(f.common), sorted(f.left_out), sorted(f.populations.values()), counts),
    )


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
def test_the_other_way_round_is_the_mirror_image(pair: Path, tmp_path: Path) -> None:
    before, after = laid(pair, tmp_path)
    assert told(compare(after, before), mirrored=False) == told(compare(before, after), mirrored=True)
