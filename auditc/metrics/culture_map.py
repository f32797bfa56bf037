"""Where models and people lie on the two principal components of their mean scores in each value dimension.

Components are of all models and peoples together, so a model's place depends on who else is on the map.

Not built yet: it is checked and planned, and binding refuses a plan that has it.
"""

from __future__ import annotations

from auditc.ir.values import Form

from ._contract import Metric, not_built


class Params(Form):
    """Nothing to set."""


culture_map = Metric(
    title="Culture map",
    params=Params,
    reads="shares",
    values=not_built,
    scales=frozenset({"ordinal", "interval"}),
    unit="standard deviations",
    better="neither",
    bounds=(float("-inf"), float("inf")),
    needs_people=True,
    bias="none",
    aggregate="dimensions",
    source="Diversity-Enhanced Framework (2025), cultural map; the axes are named PC1 and PC2",
    local=False,
    built=False,
)
