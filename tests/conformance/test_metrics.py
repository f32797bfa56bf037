"""Every metric on the shelf: its cases, its contract, and SciPy's figure where SciPy has one."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, wasserstein_distance

import auditc
from auditc.metrics import metrics
from auditc.metrics._contract import Sheet, not_built
from auditc.metrics._parts import parts_of

FOLDER = Path(auditc.__file__).parent / "metrics"
NAMES = [name for name in metrics.names() if metrics.take(name).built]
UNBUILT = [name for name in metrics.names() if not metrics.take(name).built]
CASES = [
    (name, case)
    for name in NAMES
    if (FOLDER / f"{name}.cases.toml").is_file()
    for case in tomllib.loads((FOLDER / f"{name}.cases.toml").read_text(encoding="utf-8"))["case"]
]


def _of(name: str, case: dict[str, Any], x: Any) -> tuple[Sheet, Any]:
    """What a case tells of the items, and the parameters that it says; of a metric with parts, also which is meant."""
    width = None if name in INSTRUMENT else x.shape[-1]
    sheet = _sheet(case["options"], case.get("people"), case.get("people_n"), width, case.get("rises"))
    params = metrics.take(name).params.model_validate(case.get("params", {}))
    if "part" in case:
        groups, groups_n = (np.asarray(case[key], dtype=float) for key in ("groups", "groups_n"))
        told = [dict.fromkeys(params.by, str(n)) for n in range(len(groups))]
        told[0] = {column: case["part"][column] for column in params.by}
        part = next(p for p in parts_of(metrics.take(name), params, told) if p.axes == case["part"])
        sheet = replace(sheet, part=part, groups=groups, groups_n=groups_n)
    return sheet, params


def _sheet(sizes: Any, people: Any = None, n: Any = None, width: int | None = None, rises: Any = None) -> Sheet:
    options = np.arange(width or max(sizes)) < np.asarray(sizes)[:, None]
    return Sheet(
        options,
        None if people is None else np.asarray(people, dtype=float),
        None if n is None else np.asarray(n, dtype=float),
        None,
        None if rises is None else np.asarray(rises, dtype=float),
    )


def _values(name: str, x: Any, sheet: Sheet, params: Any = None) -> Any:
    metric = metrics.take(name)
    given = {key: ["sex"] for key in REQUIRED.get(name, ())}
    return metric.values(np.asarray(x, dtype=float), sheet, params or metric.params.model_validate(given))


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_has_cases_and_says_where_it_is_from(name: str) -> None:
    assert (FOLDER / f"{name}.cases.toml").is_file()
    metric = metrics.take(name)
    assert metric.title and metric.unit and metric.source and metric.scales
    assert metric.bounds[0] < metric.bounds[1]
    assert metric.bias == "none" or metric.reads == "shares", "only shares are drawn and can be biased by it"


REQUIRED = {"insensitivity": {"judge"}, "preference_bias": {"by"}, "rank_change": {"to"}}
"""What an author must say of a metric; of every other one, nothing."""


@pytest.mark.parametrize("name", metrics.names())
def test_what_a_metric_must_be_told_is_known(name: str) -> None:
    params = metrics.take(name).params
    required = {info.alias or key for key, info in params.model_fields.items() if info.is_required()}
    assert required == REQUIRED.get(name, set())
    assert params.__doc__ and params.model_config.get("frozen") and params.model_config.get("extra") == "forbid"


@pytest.mark.parametrize("name", UNBUILT)
def test_a_metric_that_is_not_built_says_all_but_its_values(name: str) -> None:
    metric = metrics.take(name)
    assert metric.values is not_built and not (FOLDER / f"{name}.cases.toml").exists()
    assert metric.title and metric.unit and metric.source and metric.scales
    assert metric.bounds[0] < metric.bounds[1]
    with pytest.raises(NotImplementedError):
        metric.values(np.ones((1, 2)), _sheet([2]), None)


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case['name']}" for name, case in CASES])
def test_a_case_comes_out_as_its_source_says(name: str, case: dict[str, Any]) -> None:
    assert case["source"]
    x = np.asarray(case["x"], dtype=float)
    np.testing.assert_allclose(_values(name, x, *_of(name, case, x)), case["values"], atol=1e-6)


INSTRUMENT = {"answer_rate", "refusal_rate", "option_mass", "diversity_def2025", "perplexity", "bits_per_byte"}


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case['name']}" for name, case in CASES])
def test_leading_axes_are_treated_alike(name: str, case: dict[str, Any]) -> None:
    x = np.asarray(case["x"], dtype=float)
    sheet, params = _of(name, case, x)
    stacked = _values(name, np.stack([np.stack([x, x]), np.stack([x, x]), np.stack([x, x])]), sheet, params)
    assert stacked.shape == (3, 2, len(case["values"]))
    for row in stacked.reshape(-1, len(case["values"])):
        np.testing.assert_allclose(row, case["values"], atol=1e-6)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if metrics.take(name).needs_people and not metrics.take(name).across]
)
def test_without_people_there_is_no_value(name: str) -> None:
    assert np.isnan(_values(name, [[0.5, 0.5]], _sheet([2]))).all()


@pytest.mark.parametrize(
    "name", [name for name in NAMES if metrics.take(name).needs_people and not metrics.take(name).across]
)
def test_resampled_people_go_with_leading_axes(name: str) -> None:
    generator = np.random.default_rng(2)
    people = generator.dirichlet(np.ones(4), size=(5, 3))
    x = generator.dirichlet(np.ones(4), size=3)
    told: dict[str, Any] = {}
    if metrics.take(name).parts:
        params = metrics.take(name).params.model_validate({key: ["sex"] for key in REQUIRED[name]})
        (part, *_) = parts_of(metrics.take(name), params, [{"sex": "female"}])
        told = {"part": part, "groups": people[:2], "groups_n": np.full((2, 3), 1000.0)}
    together = _values(name, x, replace(_sheet([4, 4, 4], people, np.full((5, 3), 200.0)), **told))
    assert np.isfinite(together).all()
    for row in range(5):
        alone = _values(name, x, replace(_sheet([4, 4, 4], people[row], np.full(3, 200.0)), **told))
        np.testing.assert_array_equal(together[row], alone)


@pytest.mark.parametrize("name", [name for name in NAMES if metrics.take(name).panel is not None])
def test_a_panel_places_replicates_as_it_places_one(name: str) -> None:
    panel = metrics.take(name).panel
    assert panel is not None
    generator = np.random.default_rng(6)
    scores = generator.random((5, 4))
    axes = panel.fit(scores)
    again = panel.fit(scores.copy())
    np.testing.assert_array_equal(axes.loadings, again.loadings)
    assert axes.loadings.shape == (4, 2) and axes.centre.shape == (4,) and axes.explained.shape == (2,)
    assert all(column[np.abs(column).argmax()] > 0 for column in axes.loadings.T)
    replicates = generator.random((3, 2, 4))
    together = panel.place(replicates, axes)
    assert together.shape == (3, 2, 2)
    for index in np.ndindex(3, 2):
        np.testing.assert_allclose(together[index], panel.place(replicates[index], axes))
    # Linear, so that what moves a score moves the place alike wherever it is.
    step = np.array([0.1, 0.0, 0.2, 0.0])
    moved = panel.place(replicates + step, axes) - together
    np.testing.assert_allclose(moved, np.broadcast_to(step @ axes.loadings, moved.shape))
    x = generator.dirichlet(np.ones(3), size=(2, 4))
    np.testing.assert_allclose(panel.score(x, _sheet([3] * 4))[1], panel.score(x[1], _sheet([3] * 4)))


@pytest.mark.parametrize("seed", range(20))
def test_distances_are_those_of_scipy(seed: int) -> None:
    generator = np.random.default_rng(seed)
    sizes = generator.integers(2, 11, size=12)
    width, n = int(sizes.max()), 400.0
    p, q = (np.stack([np.pad(generator.dirichlet(np.full(k, 0.5)), (0, width - k)) for k in sizes]) for _ in "pq")
    sheet = _sheet(sizes, q, np.full(12, n), width)
    for row, k in enumerate(sizes):
        own, people = p[row, :k], q[row, :k]
        place = np.arange(k) / (k - 1)
        expected = {
            "kl": entropy(own, people * n + 0.5),
            "jsd": 1 - jensenshannon(own, people),
            "emd": wasserstein_distance(place, place, own, people),
        }
        for name, value in expected.items():
            assert _values(name, p, sheet)[row] == pytest.approx(value, abs=1e-9), name


def test_the_shelf_loads_without_scipy() -> None:
    code = (
        "import sys\n"
        "from auditc.metrics import metrics\n"
        "for name in metrics.names(): metrics.take(name)\n"
        "assert 'scipy' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
