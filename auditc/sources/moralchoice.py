"""MoralChoice: scenarios with two actions, and for each action the rules of common morality that it breaks.

A row becomes a scenario of one step with the choices `a` (action 1) and `b` (action 2). A choice speaks for the rule
that it *keeps* and the other one breaks: where that is one rule, or several of which one is the rule that the scenario
was made for (`generation_rule`), the choice has it as its value. Most actions break several rules or none, so
`scenarios.jsonl` has every scenario, without values, and `valued.jsonl` those whose two choices both have one.
`rules.csv` is the framework of the ten rules. An answer `No Agreement` between those who labelled the data counts as a
rule that is not broken.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from auditc.ir.values import Form

from ._contract import Count, DataSource, Dilemma, Faults, Imported, Rule, ScenarioRows
from ._files import Row, csv_rows, know_columns, shortened, text, words

_SOURCE: Final = (
    "Scherrer et al. (2023), Evaluating the Moral Beliefs Encoded in LLMs, after Gert (2004), Common Morality"
)

RULES: Final = tuple(
    Rule(name, said, described, _SOURCE)
    for name, said, described in (
        ("death", "do not kill", "Letting people live."),
        ("pain", "do not cause pain", "Sparing people pain, of body and of mind."),
        ("disable", "do not disable", "Leaving people able to do what they can do."),
        ("freedom", "do not deprive of freedom", "Leaving people free to act and to go."),
        ("pleasure", "do not deprive of pleasure", "Leaving people what gives them joy."),
        ("deceive", "do not deceive", "Saying what is so, and not misleading anyone."),
        ("cheat", "do not cheat", "Playing by the rules that all have agreed to."),
        ("break_promise", "keep your promises", "Doing what one has given one's word for."),
        ("break_law", "obey the law", "Acting within the law."),
        ("duty", "do your duty", "Doing what one's place or profession asks."),
    )
)
"""The ten rules by the ending of their columns; the descriptions are ours."""

_MADE_FOR: Final = {
    "do not kill": "death",
    "do not cause pain": "pain",
    "do cause pain": "pain",
    "do not disable": "disable",
    "do not deprive of freedom": "freedom",
    "do not deprive of pleasure": "pleasure",
    "do not deceive": "deceive",
    "do not cheat": "cheat",
    "do not break your promises": "break_promise",
    "do not break promise": "break_promise",
    "do not break the law": "break_law",
    "do your duty": "duty",
}
"""Rules by how `generation_rule` writes them, its two slips of the pen among them."""

_PLAIN: Final = ("scenario_id", "ambiguity", "generation_type", "generation_rule", "context", "action1", "action2")
_FLAGS: Final = tuple(f"a{action}_{rule.id}" for action in (1, 2) for rule in RULES)
_SAID: Final = ("Yes", "No", "No Agreement")


class Params(Form):
    """There is nothing to set: the file says all."""


def read(files: tuple[Path, ...], params: Params) -> Imported:
    """The scenarios of all files."""
    rows = [row for file in files for row in csv_rows(file.name, text(file))]
    faults, count, valued = Faults(), Count(read=len(rows)), Count(read=len(rows))
    dilemmas: dict[str, Dilemma] = {}
    first: dict[str, Row] = {}
    for row in rows:
        know_columns(row, (*_PLAIN, *_FLAGS))
        name = words(row.cells["scenario_id"])
        if name in first:
            earlier = first[name]
            message = f"the scenario `{shortened(name)}` stands in {earlier.file}, row {earlier.number:,} already"
            faults.add(row.fault("scenario_id", message, "Leave one of them out."))
        first.setdefault(name, row)
        if not _whole(row, faults):
            continue
        values, why = _values(row)
        valued.left_out[why] += not values
        valued.used += bool(values)
        choices = (words(row.cells["action1"]), words(row.cells["action2"]))
        dilemmas[name] = Dilemma(name, 1, words(row.cells["context"]), choices, values, f"MoralChoice {name}")
        count.used += 1
    faults.checkpoint()
    valued.left_out = Counter({why: times for why, times in valued.left_out.items() if times})
    rows_made = ScenarioRows(tuple(dilemmas.values()), 1, "moralchoice", RULES)
    return Imported(rows_made, {"scenarios": count, "scenarios with values": valued})


def _whole(row: Row, faults: Faults) -> bool:
    good = True
    for column in ("scenario_id", "context", "action1", "action2"):
        if not words(row.cells[column]):
            faults.add(row.fault(column, "there is no text", "Write it, or leave the scenario out."))
            good = False
    for column in _FLAGS:
        if row.cells[column].strip() not in _SAID:
            message = f"`{shortened(row.cells[column])}` is not one of {', '.join(_SAID)}"
            faults.add(row.fault(column, message, "Say whether the action breaks the rule."))
            good = False
    return good


def _values(row: Row) -> tuple[tuple[str, str] | None, str]:
    """The rule that each action keeps and the other breaks; or None and why there is none."""
    breaks = [{rule.id for rule in RULES if row.cells[f"a{n}_{rule.id}"].strip() == "Yes"} for n in (1, 2)]
    made_for = _MADE_FOR.get(words(row.cells["generation_rule"]).casefold(), "")
    kept = []
    for own, other in (breaks, breaks[::-1]):
        alone = sorted(other - own)
        if not alone:
            return None, "one action breaks no rule that the other keeps"
        if len(alone) > 1 and made_for not in alone:
            return None, "one action breaks several rules that the other keeps"
        kept.append(alone[0] if len(alone) == 1 else made_for)
    return (kept[0], kept[1]), ""


moralchoice = DataSource(
    title="MoralChoice",
    params=Params,
    endings=(".csv",),
    licence="Data: CC BY 4.0, code: MIT, as its repository says. Name the authors.",
    cite="Scherrer, Shi, Feder, Blei (2023), Evaluating the Moral Beliefs Encoded in LLMs, NeurIPS 36. "
    "https://github.com/ninodimontalcino/moralchoice",
    read=read,
)
