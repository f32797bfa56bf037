"""What a metric is: a function from arrays of answers to one value for each item. It never summarises.

`evidence` owns estimators, intervals and resampling: it calls `values` again and again with draws left out or with
people in the model's place, so `values` must accept any leading axes and treat them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from auditc.ir.plan import Assess, Converse
from auditc.ir.values import Scale

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

P = TypeVar("P", bound=BaseModel)


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """What `values` is told of the items. `options[I, K]` is true where an item has an option;
    `people[..., I, K]` are human shares (zero past the options, NaN for an item that was not asked of people; None
    without people), by `people_n[..., I]` persons; leading axes hold resampled people and match those of x;
    `n[..., I]` how many answers each item's shares rest on (None for exact probabilities)."""

    options: NDArray[np.bool_]
    people: Array | None
    people_n: Array | None
    n: Array | None


@dataclass(frozen=True, slots=True)
class Metric(Generic[P]):
    """`values(x, sheet, params)` gives `[..., I]`, NaN where an item has no value. What x is depends on `reads`:

    - `shares` `[..., I, K]`: the model's distribution over the options (exact, or counts ÷ n). From every method.
    - `counts` `[..., I, K]`: weighted counts of drawn answers. Needs draws.
    - `orders` `[..., I, O, K]`: probabilities for each order, K in the survey's order. Needs probabilities.
    - `mass` `[..., I, O]`: probability on the options before normalising. Needs probabilities.
    - `status` `[..., I, 4]`: counts of answered, refused, unparsable, failed. From every method.
    - `texts`: written answers as they are. Needs draws.
    - `choices`: what was chosen at each step of each scenario. Needs choices.
    - `assessed` `[..., I, 3]`: for each question to a judge the share of answers of which it is said to be so, and the
      judge's sensitivity and specificity; here the I are questions. Needs draws, and `stages`.
    - `written` `[..., I, 2, K]`: the exact shares, and the written answer as an indicator (all zero: none). Needs both.
    """

    title: str
    params: type[P]
    reads: Literal["shares", "counts", "orders", "mass", "status", "written", "texts", "choices", "assessed"]
    values: Callable[[Any, Sheet, P], Any]
    scales: frozenset[Scale]
    unit: str
    better: Literal["higher", "lower", "neither"]
    bounds: tuple[float, float]
    needs_people: bool
    bias: Literal["jackknife", "none"]
    """`jackknife`: a plug-in over drawn shares is biased, and corrected over draws (statistics.md 1)."""
    aggregate: Literal["dimensions", "items"]
    """Headline: the mean over dimensions of means in a dimension, or the plain mean over items."""
    source: str
    """Paper and equation, for the reference."""
    local: bool = True
    """Whether the figure of one model is the same whoever else is asked."""
    stages: Callable[[P, str, Sequence[Converse]], tuple[Assess, ...]] | None = None
    """The stages that the metric wants asked beside those of its block: (parameters, the metric's name, the block's
    stages that write). Each needs one of them."""
    built: bool = True
    """Whether it can be computed. One that cannot is checked and planned, and refused when the plan is bound."""


def not_built(x: Any, sheet: Sheet, params: Any) -> Any:
    """The `values` of a metric that is not built. A plan with one is never run."""
    raise NotImplementedError("binding refuses the plan before this is called")
