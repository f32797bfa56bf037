"""How far a model lies from people in their mean scores, and where all lie on a map of these scores.

An item's score runs from 0 to 1 with the place of the option, 1 at the high end of the item's dimension; the survey's
`direction` says which end that is (`rises` of an item). A subject's score in a dimension is the mean over its items.

The figure of one model is the Euclidean distance between its scores and those of the people it is asked as:

    distance = √ Σ_dimensions (mean over items of (model's mean score − people's mean score))²

and in a single dimension the signed difference: positive where the model scores higher. This is the model's own.

The map is of all subjects together, so a place on it depends on who else is there: the two principal components of the
scores, centred over the subjects and not scaled, since all dimensions have one unit. Each component has the sign that
makes its largest loading positive. The paper names its axes after Inglehart and Welzel; components of nine means are
not those axes, and are called PC1 and PC2 here.
"""

from __future__ import annotations

from typing import Any

from auditc.ir.values import Form

from ._arrays import np
from ._contract import Axes, Metric, Panel, Sheet

NEGLIGIBLE = 1e-9
"""A component this small beside the first is rounding."""


class Params(Form):
    """Nothing to set: findings for each dimension are always made."""


def _score(x: Any, sheet: Sheet) -> Any:
    """`[..., I, K]` shares to mean scores `[..., I]`; NaN without shares, and for an item without a direction."""
    steps = np.maximum(sheet.options.sum(-1) - 1, 1)[:, None]
    place = np.where(sheet.options, np.arange(sheet.options.shape[-1]) / steps, 0.0)
    if sheet.rises is not None:
        rises = sheet.rises[:, None]
        place = np.where(rises > 0, place, np.where(rises < 0, 1.0 - place, np.nan))
    return np.where(sheet.options, x * place, 0.0).sum(-1)


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, K]` shares to `[..., I]`: by how much the model's mean score is above people's."""
    if sheet.people is None:
        return np.full(x.shape[:-1], np.nan)
    return _score(x, sheet) - _score(sheet.people, sheet)


def _fit(scores: Any) -> Axes:
    """`[S, V]` to axes. A component without variance has no loadings."""
    centre = scores.mean(0)
    _, sizes, components = np.linalg.svd(scores - centre, full_matrices=False)
    loadings = np.zeros((scores.shape[1], 2))
    for axis in range(min(2, len(sizes))):
        if sizes[axis] > NEGLIGIBLE * max(sizes[0], NEGLIGIBLE):
            own = components[axis]
            largest = np.argmax(np.round(np.abs(own), 9))
            loadings[:, axis] = own * np.sign(own[largest])
    variance = sizes**2
    shares = np.zeros(2)
    if variance.sum() > 0:
        shares[: len(variance[:2])] = variance[:2] / variance.sum()
    return Axes(centre, loadings, shares)


def _place(scores: Any, axes: Axes) -> Any:
    return (scores - axes.centre) @ axes.loadings


culture_map = Metric(
    title="Culture map, and the distance from people in mean scores",
    params=Params,
    reads="shares",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="distance between mean scores",
    better="lower",
    bounds=(0.0, float("inf")),
    needs_people=True,
    bias="none",
    aggregate="distance",
    source="Diversity-Enhanced Framework (2025), cultural variation, eq. 2 to 5; directions of items, the distance and "
    "the ellipses are auditc's, and the axes are named PC1 and PC2",
    panel=Panel(score=_score, fit=_fit, place=_place),
)
