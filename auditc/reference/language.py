"""The page of what stands in values: units, operators, functions, names, items, claims, prompts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from auditc.compiler.claims import AXES, OPEN
from auditc.compiler.datafiles import READERS
from auditc.compiler.declarations import LIBRARY
from auditc.compiler.itemsets import FIELDS, FUNCTIONS
from auditc.compiler.mistakes import listing
from auditc.compiler.quantities import CURRENCIES, FITTING, UNITS
from auditc.compiler.splits import PARTS
from auditc.compiler.surveys import SCALES
from auditc.methods import methods
from auditc.weights import weights

_READS: Final = {
    "csv": ('csv("shares.csv", by = [country, sex])', "The rows of a CSV file with a head."),
    "jsonl": (
        'jsonl("dilemmas.jsonl")',
        "The rows of a file with one flat JSON object on each line, all with the same keys.",
    ),
}

_ITEMS: Final = {
    "where": (
        "values.where(scale != nominal and dimension == work)",
        f"The items that meet a condition on {listing(FIELDS)}.",
    ),
    "sample": (
        "values.sample(8, by = dimension)",
        "So many items, drawn by the audit's seed; with `by`, in turn from each group.",
    ),
    "items": ("values.items(Q1, Q2)", "The items named, in the survey's own order."),
}

_OTHERS: Final = (
    ('exchanges("exchanges.jsonl.gz")', "A recording that `auditc record` wrote, for the backend `replay`."),
    (
        'env("MY_KEY")',
        "The environment variable that holds a secret. It stands where a secret is wanted, and nowhere else.",
    ),
    (
        "each(FIGURE, over = [AXES])",
        "In a claim, around one whole side: the comparison must be borne out for each value of the axes.",
    ),
    ("mean(FIGURE, over = [AXES])", "In a claim: the mean over the values of the axes."),
    (
        "choice(3)",
        "In the condition of a `branch`: what was chosen at a step. `choice(3) == a and not choice(1) == a`.",
    ),
    ("lowest(valid)", "In `keep` of a `train` block: the state with the lowest loss on a part of the survey."),
)

_MEANS: Final = {
    "plain": "a plain number",
    "count": "a count",
    "share": "a share of 1",
    "duration": "a time",
    "bytes": "a size",
}


def language_page() -> str:
    """Everything that stands on the right of an `=`, and how names are found."""
    return "\n".join(
        [
            "# Values and names",
            "",
            "What stands on the right of an `=`: units, operators, functions, names, sets of items, "
            "figures in claims, prompts.",
            *_units(),
            *_operators(),
            *_functions(),
            *_names(),
            *_item_sets(),
            *_claims(),
            *_prompts(),
            "",
        ]
    )


def _units() -> Iterator[str]:
    yield from ("", "## Units", "", "A number and its unit stand together: `95%`, `30min`, `20M`.", "")
    yield from ("| unit | is | worth |", "|---|---|---|")
    for unit, (of, factor) in UNITS.items():
        if unit and of not in CURRENCIES:
            base = {"duration": " seconds", "bytes": " bytes"}.get(of, "")
            yield f"| `{unit}` | {_MEANS[of]} | {factor:f}{base} |"
    yield f"| {listing(CURRENCIES, len(CURRENCIES))} | an amount of money | itself; currencies do not mix |"
    yield from ("", "Which numbers fit where:", "", "| where this is wanted | these numbers fit |", "|---|---|")
    for wanted, fit in FITTING.items():
        said = "an amount in any currency" if wanted == "money" else " or ".join(_MEANS[of] for of in fit)
        yield f"| {wanted} | {said} |"


def _operators() -> Iterator[str]:
    yield from ("", "## Operators", "", "From those that bind least to those that bind most; parentheses group.", "")
    yield from ("| operators | where |", "|---|---|")
    yield from (
        "| `or`, `and`, `not` | conditions on items and on choices |",
        "| `<` `<=` `>` `>=` | claims |",
        "| `==` `!=` | conditions on items and on choices |",
        "| `..` | ranges: `0..15`, both ends included |",
        "| `+` `-` `*` `/` | numbers, constants, figures in claims |",
        "| `-x` | numbers and figures |",
    )
    yield from (
        "",
        "Numbers of unlike units are not added; a count times a share is a count. There are no loops, no functions",
    )
    yield "of your own and no conditions on the world: a spec is data."


def _functions() -> Iterator[str]:
    yield from ("", "## Functions", "", "| call | gives |", "|---|---|")
    for name in READERS:
        call, said = _READS.get(name, (f'{name}("…")', "The rows of a data file."))
        yield f"| `{call}` | {said} |"
    for name in FUNCTIONS:
        call, said = _ITEMS.get(name, (f"values.{name}(…)", "Some of the items."))
        yield f"| `{call}` | {said} |"
    for call, said in _OTHERS:
        yield f"| `{call}` | {said} |"
    sources = ", ".join(f"[`{name}(…)`](weights.md#{name})" for name in weights.names())
    yield f"| {sources} | Weights of a model. |"
    yield from (
        "",
        "In `csv` and `jsonl`, `by` names the columns that tell groups apart, `weight` the column that "
        "weights the rows. A",
    )
    yield "file is named by its path from the file that names it, and lies in the folder of the spec."


def _names() -> Iterator[str]:
    yield from ("", "## Names and imports", "")
    yield (
        "All blocks of a file and the constants of its `let` blocks share one set of names, so a name "
        "means one thing. Order does"
    )
    yield "not matter: a name may be used above the block that declares it."
    yield from ("", "```audit", 'import "values.audit" as shared', "```", "")
    yield (
        f"An imported file holds {listing(LIBRARY)}. Its names are reached through the word after `as`: "
        "`shared.values`."
    )
    yield (
        "Files may import each other in any depth, in no circle. Which words a key takes, its type "
        "decides: `en` is a language in"
    )
    yield "`language`, and `us` a population in `as`. Texts stand in quotes, names do not."
    yield (
        '`import "std@1" as std` names a package by its exact version, `"cultures@2026.1/asia.audit"` one file of it: '
        "[how to share specs](../how-to/packages.md)."
    )


def _item_sets() -> Iterator[str]:
    yield from ("", "## Sets of items", "")
    yield "The key `ask` takes a survey by its name, or a part of it:"
    yield from ("", "| write | for |", "|---|---|", "| `values` | all items |")
    yield f"| {', '.join(f'`values.{part}`' for part in PARTS)} | a part of the survey's `split` |"
    for name in FUNCTIONS:
        call, said = _ITEMS.get(name, (f"values.{name}(…)", "some of the items"))
        yield f"| `{call}` | {said[0].lower()}{said[1:].rstrip('.')} |"
    yield from (
        "",
        f"They can be joined: `values.test.where(scale != nominal).sample(8)`. The scales are {listing(SCALES)}.",
    )


def _claims() -> Iterator[str]:
    yield from ("", "## Figures in claims", "")
    yield "`block.metric` is a figure. It has the axes " + ", ".join(f"`{axis}`" for axis in AXES) + "."
    yield from ("", "| write | for |", "|---|---|")
    yield from (
        "| `opinions.jsd[model = gemma3]` | the figure of one model |",
        "| `opinions.jsd[condition = shuffled_countries]` | the figure under a control; without it, as it was asked |",
        "| `opinions.jsd[dimension = work]` | the figure of one dimension; without it, of all items |",
        "| `citizens.preference_bias[sex = female]` | the figure at a further axis of a metric that has some |",
        "| `each(opinions.jsd, over = model) > 0.8` | a comparison for each model, of which every one must hold |",
        "| `mean(opinions.jsd, over = model) > 0.8` | the mean over the models |",
    )
    yield ""
    yield (
        f"Where there are several values of {' or '.join(f'`{axis}`' for axis in OPEN)}, the claim must "
        "say which it means: fix it"
    )
    yield (
        "by an index, go through it by `each`, or average by `mean`. A claim is one comparison by `<`, "
        "`<=`, `>` or `>=`: it holds,"
    )
    yield "fails, or is undecided where the interval has the threshold inside."
    yield "Further axes of a metric are named like the others; one with a usual value need not be."


def _prompts() -> Iterator[str]:
    yield from ("", "## Prompts", "")
    yield (
        "A prompt is a template: text, `{{ variable }}`, `{% if variable %} … {% else %} … {% endif "
        "%}`. It reads no file, calls"
    )
    yield "nothing and does not go round. Which variables there are, the method decides:"
    yield from ("", "| method | variables | languages of its own words |", "|---|---|---|")
    for name in methods.names():
        method = methods.take(name)
        variables = listing(f"{{{{ {variable} }}}}" for variable in sorted(method.variables))
        yield f"| [`{name}`](methods.md#{name}) | {variables} | {listing(sorted(method.languages))} |"
