"""Which groups of people prefer the answers that a model gives most often.

For each item with a modal answer a of the model, and each group g of n_g persons, `corrected` is the log ratio

    log r_g = log P(a | group g) − log P(a | all people),   log P estimated by log((c + ½) / (n + ½))

from the c of n persons who chose a. Its mean over items is 0 where the group likes the model's answers as much as
everybody does, whatever the sizes of the groups. With a half on both sides a share of zero is finite, and the estimate
of each logarithm is unbiased up to terms in 1/c²: expanding around c = np, the ½ of the numerator adds 1/(2np), the
curvature takes (1 − p)/(2np) and the ½ of the denominator 1/(2n), which cancel; what is left is about −1/(24·(np)²),
0.002 at 5 expected persons. (k/2 in the denominator, as for shares that must sum to 1, would leave −(k − 1)/2n, 0.008
for ten options and 560 persons.) Where few are expected the expansion does not hold: at 0.6 expected
persons the mean of groups that are alike is +0.43. An item with n_g · P(a | all people) below 3 therefore has no value,
and findings count them. Of several modal answers the mean is taken.

`raw` is the paper's variant: the share of items for which the group is the largest part of those who chose a, by
number of persons. It grows with the group's size: the largest group leads where nobody prefers anything. An item that
one of the groups told apart by the same columns lacks has no value, for that group may be the largest.

Each is also given for the items where the model's modal answer is people's (`matching`) and where it is not
(`mismatching`); an item with ties of which some agree is in neither.
Source: Pettigrew, Gart and Thomas (1986), The bias and higher cumulants of the logarithm of a binomial variate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Annotated, Any, Literal

from annotated_types import Len

from auditc.ir.values import Form, OwnWord

from ._arrays import np
from ._contract import Metric, Part, Sheet
from ._modal import ROUNDING, modal
from .matching import agreement

FEWEST_EXPECTED = 3.0
"""Persons of a group who would have given the answer if the group were as all people."""
PROFILES = ("all", "matching", "mismatching")
RAW = "raw majority: it depends on the sizes of the groups, the largest leads where nobody prefers anything"
"""Said beside every figure of the paper's variant."""


class Params(Form):
    """What the author may set."""

    by: Annotated[tuple[Annotated[str, OwnWord("column of the reference")], ...], Len(1)]
    """The groups: columns that the survey's reference is told apart by."""
    base_rate: Literal["corrected", "raw", "both"] = "corrected"
    """`corrected` does not grow with a group's size; `raw` is the paper's variant; `both` gives either."""


def _parts(params: Params, groups: Sequence[Mapping[str, str]]) -> tuple[Part, ...]:
    """For each group that is told apart by columns of `by`: one for each profile and base rate."""
    rates = ("corrected", "raw") if params.base_rate == "both" else (params.base_rate,)
    return tuple(
        _part(group, profile, rate) for group in _told(params, groups) for rate in rates for profile in PROFILES
    )


def _told(params: Params, groups: Sequence[Mapping[str, str]]) -> Iterator[dict[str, str]]:
    """Groups by few columns before those by many, with their columns in the author's order."""
    for count in range(1, len(params.by) + 1):
        for columns in combinations(params.by, count):
            for group in groups:
                if group.keys() == set(columns):
                    yield {column: group[column] for column in columns}


def _part(group: dict[str, str], profile: str, rate: str) -> Part:
    axes = {**group, "profile": profile, "base_rate": rate}
    raw = rate == "raw"
    return Part(
        axes,
        "share of items" if raw else "log ratio",
        "neither",
        (0.0, 1.0) if raw else (float("-inf"), float("inf")),
        share=raw,
        group=group,
        brief=profile != "all" or len(group) > 1,
        picks=profile != "all",
        whole=raw,
        notes=(RAW,) if raw else (),
    )


def _values(x: Any, sheet: Sheet, params: Params) -> Any:
    """`[..., I, K]` shares to `[..., I]` for the part that the sheet names; NaN outside its profile, and where the
    model gave no answer or the shares of people or of the group are unknown."""
    if sheet.part is None or sheet.people is None or sheet.groups is None or sheet.groups_n is None:
        return np.full(x.shape[:-1], np.nan)
    own = _largest(sheet) if sheet.part.axes["base_rate"] == "raw" else _log_ratio(sheet)
    chosen = modal(x, sheet.options)
    values = np.where(chosen == 0, 0.0, chosen * own).sum(-1)
    agree = agreement(x, sheet)
    match sheet.part.axes["profile"]:
        case "matching":
            return np.where(agree > 1 - ROUNDING, values, np.nan)
        case "mismatching":
            return np.where(agree == 0, values, np.nan)
        case _:
            return values + 0.0 * agree


def _log_ratio(sheet: Sheet) -> Any:
    """`[..., I, K]`: how much more often than all people the group chooses each option, in logarithms."""
    assert sheet.groups is not None and sheet.groups_n is not None and sheet.people_n is not None
    ratio = _log_share(sheet.groups[0], sheet.groups_n[0]) - _log_share(sheet.people, sheet.people_n)
    return np.where(_few(sheet), np.nan, ratio)


def _few(sheet: Sheet) -> Any:
    """`[..., I, K]`: whether too few of the group are expected to have chosen the option for a logarithm."""
    assert sheet.groups_n is not None and sheet.people is not None
    return sheet.people * sheet.groups_n[0][..., None] < FEWEST_EXPECTED


def _log_share(shares: Any, n: Any) -> Any:
    return np.log((shares * n[..., None] + 0.5) / (n[..., None] + 0.5))


def _largest(sheet: Sheet) -> Any:
    """`[I, K]`: 1 where no other group has more persons who choose the option, shared out evenly among equals."""
    assert sheet.groups is not None and sheet.groups_n is not None
    persons = sheet.groups * sheet.groups_n[..., None]
    most = persons.max(0)
    first = persons >= most * (1 - ROUNDING)
    # A group that lacks the item may be the largest: its persons are not none, they are unknown.
    return np.where(most > 0, first[0] / np.maximum(first.sum(0), 1), np.nan)


def _lacks(x: Any, sheet: Sheet, params: Params) -> dict[str, Any]:
    """`[I]` by reason: items without a value that the model would not have in another profile either."""
    assert sheet.part is not None and sheet.people is not None and sheet.groups is not None
    unknown: Any = np.isnan(sheet.groups).any(-1)
    raw = sheet.part.axes["base_rate"] == "raw"
    untold = unknown.any(0) if raw else unknown[0]
    agree = agreement(x, sheet)
    nothing = np.isnan(agree)
    columns = " and ".join(sheet.part.group)
    told = {f"the reference does not tell people's answers apart by {columns}": untold}
    if not raw:
        few = (_few(sheet) & (modal(x, sheet.options) > 0)).any(-1)
        told[f"fewer than {FEWEST_EXPECTED:.0f} people of the group are expected to have given the model's answer"] = (
            few & ~untold & ~nothing
        )
    tied = (agree > 0) & (agree <= 1 - ROUNDING) & (sheet.part.axes["profile"] != "all")
    return {**told, "": nothing | tied}


preference_bias = Metric(
    title="Preference bias",
    params=Params,
    reads="shares",
    values=_values,
    scales=frozenset({"nominal", "ordinal", "interval"}),
    unit="log ratio",
    better="neither",
    bounds=(float("-inf"), float("inf")),
    needs_people=True,
    bias="none",
    aggregate="items",
    source="Diversity-Enhanced Framework (2025), preference bias; the log ratio is auditc's",
    smooth=False,
    parts=_parts,
    lacks=_lacks,
    usual={"profile": "all", "base_rate": "corrected"},
)
