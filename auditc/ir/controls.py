"""Controls: which country a prompt names under a condition. It is asked with it, and what is concluded counts it."""

from __future__ import annotations

from .canonical import seeded
from .plan import Condition, Population


def country_named(seed: int, population: Population, condition: Condition, item: str, language: str) -> str:
    """The country that a cell's prompt names: the population's own, or for a control one of the others, by hash."""
    own = population.named[language]
    others = [country for country in condition.countries if country.get(language, own) != own]
    if not others:
        return own
    return others[seeded(seed, population.country, item, "country") % len(others)][language]
