"""The HTML report as a PDF file, for signing and filing.

Not built yet: it is checked and planned, and binding refuses a plan that asks for it.
"""

from ._contract import Report, not_built

pdf = Report(title="The HTML report as a PDF file", languages=frozenset({"en", "zh"}), render=not_built, built=False)
