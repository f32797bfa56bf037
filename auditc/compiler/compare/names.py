"""What the names of one audit are called in the other, where only the name differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Names:
    """The first audit's names by section, with the second's; a name that is not here is the same in both.

    The sections are those of a comparison; the items of a survey are under `item`, as `survey.item` with the survey's
    own name.
    """

    renamed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, section: str, name: str) -> str:
        """What a name is called in the other audit."""
        return self.renamed.get(section, {}).get(name, name)

    def model(self, name: str) -> str:
        return self.of("model", name)

    def population(self, name: str) -> str:
        return self.of("population", name)

    def survey(self, name: str) -> str:
        return self.of("survey", name)

    def block(self, name: str) -> str:
        return self.of("method", name)

    def claim(self, name: str) -> str:
        return self.of("claim", name)

    def report(self, name: str) -> str:
        return self.of("report", name)

    def item(self, survey: str, item: str) -> str:
        return self.renamed.get("item", {}).get(f"{survey}.{item}", item)

    def measure(self, name: str) -> str:
        """`block.metric`, where the block may have dots of its own."""
        block, _, metric = name.rpartition(".")
        return f"{self.block(block)}.{metric}"

    def in_terms(self, term: Any) -> Any:
        """A claim's comparison as JSON, with the other audit's names in its figures."""
        if isinstance(term, list):
            return [self.in_terms(entry) for entry in term]
        if not isinstance(term, dict):
            return term
        content = {key: self.in_terms(value) for key, value in term.items()}
        if term.get("node") == "figure":
            content["measure"] = self.measure(term["measure"])
            content["at"] = {axis: self.of(axis, name) for axis, name in term["at"].items()}
        return content

    def adding(self, section: str, found: Mapping[str, str]) -> Names:
        """With more names of a section."""
        return Names({**self.renamed, section: {**self.renamed.get(section, {}), **found}})
