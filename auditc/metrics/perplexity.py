"""Perplexity: how many tokens a model hesitates between, as it were, at each place of the texts.

For a text: exp(−Σ ln p / T) over its T predicted tokens, p the probability of each after those before it. For all texts
together exp(−Σ Σ ln p / Σ T): every token counts alike, so that a long text counts for more than a short one. A model
that holds every token for certain has 1, one that knows nothing has the size of its vocabulary.
"""

from __future__ import annotations

from typing import Any

from auditc.ir.values import Form

from ._arrays import np, per
from ._contract import Metric, Sheet


class Params(Form):
    """Nothing to set."""


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, 3]`, sums of log-probabilities, tokens and bytes, to `[..., I]`; NaN where nothing was predicted."""
    return np.exp(per(-x[..., 0], x[..., 1]))


perplexity = Metric(
    title="Perplexity",
    params=Params,
    reads="likelihood",
    values=_values,
    scales=frozenset({"nominal"}),
    unit="equally likely tokens",
    better="lower",
    bounds=(1.0, float("inf")),
    needs_people=False,
    bias="none",
    aggregate="items",
    source="Jelinek et al. (1977), Perplexity: a measure of the difficulty of speech recognition tasks",
    caution="counted in the model's own tokens: the perplexities of models with different tokenizers do not compare",
    sizes=lambda x: x[..., 1],
    geometric=True,
    own_tokens=True,
)
