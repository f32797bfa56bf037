"""Assessment results as OSCAL JSON, for tools of governance.

Not built yet: it is checked and planned, and binding refuses a plan that asks for it.
"""

from ._contract import Report, not_built

oscal = Report(
    title="Assessment results as OSCAL JSON", languages=frozenset({"en", "zh"}), render=not_built, built=False
)
