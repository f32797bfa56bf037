"""What a metric is: a function from arrays of answers to one value for each item. It never summarises.

`evidence` owns estimators, intervals and resampling: it calls `values` again and again with draws left out or with
people in the model's place, so `values` must accept any leading axes and treat them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from auditc.ir.plan import Assess, Converse, Item
from auditc.ir.values import Scale

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

P = TypeVar("P", bound=BaseModel)


Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One of the figures of a metric that has several, and what its findings say of it. `axes` are the further axes
    that it stands at, by their values; `group` are the people it compares with all people, by column of the
    reference (`sex`: `female`)."""

    axes: Mapping[str, str]
    unit: str
    better: Better
    bounds: tuple[float, float]
    share: bool = False
    """As of a metric."""
    group: Mapping[str, str] = field(default_factory=dict)
    brief: bool = False
    """Whether it is a selection out of another part: no findings by dimension, and no values in the rows of items."""
    picks: bool = False
    """Whether its items are those at which the model answered in some way, so that other answers would change them."""
    whole: bool = False
    """Whether it is for the whole survey alone: no findings by dimension."""
    notes: tuple[str, ...] = ()
    """What a reader of its figures must know."""
    name: str = ""
    """What tells it apart in the ids of findings; `_parts.parts_of` makes it out of the axes."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """What `values` is told of the items. `options[I, K]` is true where an item has an option;
    `people[..., I, K]` are human shares (zero past the options, NaN for an item that was not asked of people; None
    without people), by `people_n[..., I]` persons; leading axes hold resampled people and match those of x;
    `n[..., I]` how many answers each item's shares rest on (None for exact probabilities); `rises[I]` is 1 where the
    last option is the high end of the item's dimension, -1 where the first is, 0 where neither is (None: all rise).
    Of a metric with parts, `part` says which of them is wanted; where it is about a group of people, `groups[G, I, K]`
    are the shares of all groups told apart by the same columns, the part's own first, by `groups_n[G, I]` persons (zero
    and NaN as in `people`)."""

    options: NDArray[np.bool_]
    people: Array | None
    people_n: Array | None
    n: Array | None
    rises: Array | None = None
    part: Part | None = None
    groups: Array | None = None
    groups_n: Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """The components of a map: `centre[V]` and `loadings[V, 2]` over dimensions, `explained[2]` shares of the
    variance."""

    centre: Array
    loadings: Array
    explained: Array


@dataclass(frozen=True, slots=True)
class Panel:
    """What a metric makes of all subjects together: the models as each population, and the people of each.

    `evidence` puts the table together, resamples, and draws the ellipses. All three functions take any leading axes
    and treat them alike, so that replicates are placed in one call:

    - `score(x, sheet)`: shares `[..., I, K]` to the mean score of each item `[..., I]`, 0 to 1, NaN where it has none.
    - `fit(scores)`: `[S, V]`, S subjects by V dimensions, to the axes of the map.
    - `place(scores, axes)`: `[..., V]` to places `[..., 2]`. It is linear in the scores.
    """

    score: Callable[[Any, Sheet], Any]
    fit: Callable[[Any], Axes]
    place: Callable[[Any, Axes], Any]
    fewest: int = 3
    """Subjects, and dimensions, with fewer of which there is no map."""


@dataclass(frozen=True, slots=True)
class Metric(Generic[P]):
    """`values(x, sheet, params)` gives `[..., I]`, NaN where an item has no value. What x is depends on `reads`:

    - `shares` `[..., I, K]`: the model's distribution over the options (exact, or counts ÷ n). From every method.
    - `counts` `[..., I, K]`: weighted counts of drawn answers. Needs draws.
    - `orders` `[..., I, O, K]`: probabilities for each order, K in the survey's order. Needs probabilities.
    - `mass` `[..., I, O]`: probability on the options before normalising. Needs probabilities.
    - `status` `[..., I, 4]`: counts of answered, refused, unparsable, failed. From every method.
    - `texts` `[..., I, 2]`: how many different whole texts were written, and how many texts. Needs draws.
    - `choices`: what was chosen at each step of each scenario. Needs choices.
    - `assessed` `[..., I, 3]`: for each question to a judge the share of answers of which it is said to be so, and the
      judge's sensitivity and specificity; here the I are questions. Needs draws, and `stages`.
    - `likelihood` `[..., I, 3]`: of each text the sum of the natural-log probabilities of its tokens, how many tokens
      were predicted, and of how many bytes they are. Needs likelihoods.
    - `written` `[..., I, 2, K]`: the exact shares, and the written answer as an indicator (all zero: none). Needs both.
    """

    title: str
    params: type[P]
    reads: Literal[
        "shares", "counts", "orders", "mass", "status", "written", "texts", "choices", "assessed", "likelihood"
    ]
    values: Callable[[Any, Sheet, P], Any]
    scales: frozenset[Scale]
    unit: str
    better: Better
    bounds: tuple[float, float]
    needs_people: bool
    bias: Literal["jackknife", "none"]
    """`jackknife`: a plug-in over drawn shares is biased, and corrected over draws (statistics.md 1)."""
    aggregate: Literal["dimensions", "items", "distance"]
    """Headline: the mean over dimensions of means in a dimension, the plain mean over items, or the Euclidean length of
    the means in each dimension, of values that are differences."""
    source: str
    """Paper and equation, for the reference."""
    local: bool = True
    """Whether the figure of one model is the same whoever else is asked."""
    written: bool = False
    """Whether it reads `status` of written answers alone, in a block that does not score: probabilities have no such
    thing, and a sample that is written beside them is there to be compared with them."""
    across: bool = False
    """Whether it is of one model as all populations of a block together: x is then `[..., I, P, K]`, an item's value
    the mean over pairs of populations, and its figures are quotients of the model's headline and people's, for whom
    `values` is asked too. A sheet has no people then."""
    settle: Callable[[Any], Any] | None = None
    """From the values `[M, I]` of all M models of a block, for one population and condition, to those that count: for a
    metric one of whose values hangs on the others."""
    panel: Panel | None = None
    """The map that is made of all subjects together, beside the values of each."""
    caution: str = ""
    """What every finding says of the figure, where a reader would else take it for more than it is."""
    no_interval: str = ""
    """Why its figures have no interval; empty where they have one. No claim is made of such a figure."""
    instead: str = ""
    """Of a metric without intervals the one that measures the same and has some."""
    stages: Callable[[P, str, Sequence[Converse]], tuple[Assess, ...]] | None = None
    """The stages that the metric wants asked beside those of its block: (parameters, the metric's name, the block's
    stages that write). Each needs one of them."""
    built: bool = True
    """Whether it can be computed. One that cannot is checked and planned, and refused when the plan is bound."""
    share: bool = False
    """Whether an item's value is a yes (1) or a no (0), or in between where answers are tied: the mean is a share of
    items, and its interval a share's."""
    smooth: bool = True
    """Whether an item's value moves little when one draw is left out. One that jumps, as what follows from the most
    frequent answer does, gets its variance from draws that are resampled."""
    parts: Callable[[P, Sequence[Mapping[str, str]]], tuple[Part, ...]] | None = None
    """The parts, from the parameters and the groups of people that the survey tells apart in the country at hand
    (the `of` of each); None for a metric of one figure."""
    lacks: Callable[[Any, Sheet, P], Mapping[str, Any]] | None = None
    """Of a metric with parts, from the same x as `values`: the items `[I]` that have no value whatever the model
    answers otherwise, or in none of the parts that pick items, by the reason in words (none: what is counted says it
    already). A note has the reason after `… items are left out: `."""
    sizes: Callable[[Any], Any] | None = None
    """From the same x as `values` how much each item counts in the headline, `[..., I]`; None: all alike. Only where
    `aggregate` is `items`."""
    geometric: bool = False
    """Whether the headline is the geometric mean of the items' values, and not the plain one."""
    own_tokens: bool = False
    """Whether its figures are counted in the model's own tokens: those of models with different tokenizers do not
    compare."""
    usual: Mapping[str, str] = field(default_factory=dict)
    """The value that an axis of its parts has where a claim names none. An axis without one must be named."""

    def takes(self, item: Item) -> bool:
        """Whether it has a value for an item: its scale fits, and a score has a high and a low end."""
        return item.scale in self.scales and (self.panel is None or item.rises != 0)

    @property
    def suited(self) -> str:
        """The items that it takes, in words."""
        if self.panel is not None:
            return "those with a direction"
        scales = ", ".join(f"`{scale}`" for scale in sorted(self.scales))
        return f"those whose scale is {scales}"

    @property
    def placed(self) -> bool:
        """Whether what it says of one model hangs on who else is asked: its figure, or a place on a map."""
        return not self.local or self.panel is not None


def not_built(x: Any, sheet: Sheet, params: Any) -> Any:
    """The `values` of a metric that is not built. A plan with one is never run."""
    raise NotImplementedError("binding refuses the plan before this is called")
