"""What a participant is asked in one turn: an item, an item on a numbered scale, or the items of a list together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .lists import ListWording
from .plan import Converse, Item, Survey, Wording


@dataclass(frozen=True, slots=True)
class Question:
    """One turn. `name` is the item's id, or the list's; of a list between `at_least` and `at_most` items are chosen."""

    name: str
    items: tuple[Item, ...]
    form: Literal["item", "scale", "list"]
    at_least: int = 1
    at_most: int = 1

    @property
    def dimension(self) -> str:
        """The value dimension; of a list that of its first item."""
        return self.items[0].dimension

    def text(self, language: str) -> str:
        listed = self.items[0].listed
        return listed.text[language] if self.form == "list" and listed else self.items[0].text[language]

    def options(self, language: str) -> tuple[str, ...]:
        """What can be chosen, in the survey's own order: the options of an item, or the items of a list."""
        if self.form != "list":
            return self.items[0].options[language]
        return tuple(item.listed.label[language] for item in self.items if item.listed)

    def wording(self, stage: Converse, language: str) -> Wording | ListWording:
        """How a stage asks this in a language; `*` serves every language."""
        if self.form == "list":
            return stage.lists[language]
        forms = stage.scales if self.form == "scale" else stage.wording
        return forms[language] if language in forms else forms["*"]


def questions(stage: Converse, survey: Survey) -> tuple[Question, ...]:
    """What a stage asks, in the order in which the first item of each stands in it.

    A list of which one item alone is asked is asked as that item. Of one of which some are missing, as many may be
    chosen as are left, and none has to be: who would choose another one chooses none of these.
    """
    by_id = {item.id: item for item in survey.items}
    asked = [by_id[name] for name in stage.items]
    whole: dict[str, int] = {}
    for item in survey.items:
        if item.listed:
            whole[item.listed.id] = whole.get(item.listed.id, 0) + 1
    together: dict[str, list[Item]] = {}
    for item in asked:
        if stage.lists and item.listed:
            together.setdefault(item.listed.id, []).append(item)
    found: dict[str, Question] = {}
    for item in asked:
        listed = item.listed
        items = together.get(listed.id, []) if listed else []
        if listed and len(items) > 1:
            least = listed.at_least if len(items) == whole[listed.id] else 0
            found.setdefault(
                listed.id, Question(listed.id, tuple(items), "list", least, min(listed.at_most, len(items)))
            )
        else:
            found[item.id] = Question(item.id, (item,), "scale" if stage.scales and on_scale(item) else "item")
    return tuple(found.values())


def alone(items: tuple[str, ...], survey: Survey) -> tuple[Question, ...]:
    """Items that are asked one by one, each as it stands."""
    by_id = {item.id: item for item in survey.items}
    return tuple(Question(name, (by_id[name],), "item") for name in items)


def on_scale(item: Item) -> bool:
    """Whether the options of an item are the numbers of a scale, of which only the ends may have words."""
    return item.scale != "nominal" and all(_numbered(options) for options in item.options.values())


def _numbered(options: tuple[str, ...]) -> bool:
    last = len(options)
    ends = re.match(r"1(?!\d)", options[0]) and re.match(rf"{last}(?!\d)", options[-1])
    return last > 2 and bool(ends) and all(option == str(n) for n, option in enumerate(options[1:-1], 2))
