"""Written agreement: does the model, answering in words, choose the option that its first token makes most likely?

For an item: 1 if the written answer is the option with the largest exact probability (the mean over orders; among
equals the first in the survey's order), 0 if it is another, no value where no written answer was read. Its mean over
items is the share of agreement; where it is low, first-token probabilities are not the model's answers.
"""

from __future__ import annotations

from typing import Any

from auditc.ir.values import Form

from ._arrays import np
from ._contract import Metric, Sheet


class Params(Form):
    """Nothing to set."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, 2, K]`, exact shares and the written answer as an indicator, to `[..., I]`: 1, 0 or NaN."""
    exact = np.where(sheet.options, x[..., 0, :], -1.0)
    written = np.where(sheet.options, x[..., 1, :], 0.0)
    readable = ~np.isnan(exact).any(-1) & (written.sum(-1) > 0)
    favourite = np.where(np.isnan(exact), -1.0, exact).argmax(-1)
    return np.where(readable, (favourite == written.argmax(-1)).astype(float), np.nan)


written_agreement = Metric(
    title="Agreement of written answers with first-token probabilities",
    params=Params,
    reads="written",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="share of written answers",
    better="higher",
    bounds=(0.0, 1.0),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="auditc; cf. Wang et al. (2024), “My answer is C”: first-token probabilities do not match text answers",
)
