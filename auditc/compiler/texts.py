"""The block of a method that gives models texts as they stand: the texts out of a data file, and what is measured."""

from __future__ import annotations

from auditc.diagnostics import Label, Span
from auditc.ir.audit import SurveyUse
from auditc.ir.plan import Item, Population, Predict, Survey
from auditc.methods import methods
from auditc.metrics import metrics

from .bodies import fill, form, keys
from .claims import Measured
from .datafiles import DataFile
from .declarations import Reads
from .instruments import trustworthy
from .lineage import Lineage, leaks
from .mistakes import POISON, Poison, listing, report, unpoisoned
from .places import origin
from .questions import Question, wanted_metrics
from .resolve import Declaration
from .scope import Scope
from .sound import Asking, measurable
from .stages import feeding
from .tables import refuse_others, require

NAMED = {"en": {"en": "English texts", "zh": "英文文本"}, "zh": {"en": "Chinese texts", "zh": "中文文本"}}
"""What stands in the place of a population, by the language of the texts: nobody is meant by them."""


def texts(declaration: Declaration, scope: Scope, lineage: Lineage) -> Question | Poison:
    """A block that gives models texts."""
    method, bound = methods.take(declaration.kind), lineage.bound
    fields = {**keys(Reads), **keys(method.params)}
    filled = fill(declaration.block, fields, scope, inner=metrics.names())
    reads = form(Reads, filled, scope)
    params = form(method.params, filled, scope)
    uses = wanted_metrics(filled, scope)
    if isinstance(reads, Poison) or isinstance(params, Poison) or isinstance(uses, Poison):
        return POISON
    if reads.language not in method.languages:
        remedy = f"`{declaration.kind}` reads {listing(sorted(method.languages))}."
        at = filled.place("language")
        return report(scope.sink, "AC408", at, f"`{reads.language}` is asked for", remedy=remedy)
    models = {name: bound.models[name] for name in reads.of}
    items = _items(reads.texts, reads.language, scope)
    if isinstance(items, Poison) or any(model is POISON for model in models.values()):
        return POISON
    name = declaration.key
    of = Population(country="", named=NAMED[reads.language], language=reads.language)
    use = SurveyUse(
        name=name,
        method=declaration.kind,
        params=params,
        models=unpoisoned(models),
        populations={name: of},
        persona=None,
        metrics=uses,
        seed=bound.seed,
        origin=origin(declaration.name.span),
        survey_name=name,
        survey=Survey(items=items, people={}, digests={reads.texts.path: scope.files.digests[reads.texts.path]}),
        items=tuple(item.id for item in items),
        texts=True,
    )
    stages = tuple(stage for stage in method.stages(use) if isinstance(stage, Predict))
    asking = Asking(scope, filled, bound)
    places = filled.entries("of") or (filled.place("of"),)
    good = [measurable(use, method, stages, asking), trustworthy(use, asking), leaks(use, places, lineage, scope)]
    if not all(good):
        return POISON
    always = (metric for metric in method.always if feeding(metrics.take(metric), stages) is not None)
    known = tuple(sorted({*(metric.metric for metric in uses), *always}))
    axes = {"model": tuple(use.models), "population": (), "condition": ("asked",), "dimension": ()}
    return Question(use, Measured(known, axes))


def _items(file: DataFile, language: str, scope: Scope) -> tuple[Item, ...] | Poison:
    """The texts of a file in one language; rows that have none in it, and one in another, are left out. No text stands
    there twice: the second would be counted as if it were another."""
    grid, sink = file.grid, scope.sink
    languages = grid.languages("text") or (language,)
    columns = tuple(f"text.{each}" for each in languages)
    good = require(grid, ("id", *columns), sink)
    refuse_others(grid, ("id", "source", *columns), sink)
    if language not in languages:
        label = f"the texts are in {listing(languages)}, and not in `{language}`"
        remedy = f"Add the column `text.{language}`, or write `language = {languages[0]}`."
        return report(sink, "AC407", file.span, label, remedy=remedy)
    if not good:
        return POISON
    items: list[Item] = []
    first: dict[str, Span] = {}
    for row in range(len(grid.rows)):
        name, words = grid.cell(row, "id"), grid.cell(row, f"text.{language}")
        empty = "id" if not name else "" if any(grid.cell(row, each) for each in columns) else f"text.{language}"
        if empty:
            report(sink, "AC025", grid.row(row), f"`{empty}` is empty")
            good = False
            continue
        for column, said in (("id", f"\n{name}"), (f"text.{language}", words)):
            if said and said in first:
                label = f"`{name}` is there already" if column == "id" else "these words are there already"
                report(sink, "AC501", grid.place(row, column), label, related=(Label(first[said], "here first"),))
                good = False
            first.setdefault(said, grid.place(row, column))
        if words:
            source = grid.cell(row, "source")
            items.append(Item(id=name, scale="nominal", source=source, text={language: words}, options={language: ()}))
    if good and not items:
        label = f"no row has a text in `{language}`"
        return report(sink, "AC407", file.span, label, remedy=f"Fill the column `text.{language}`.")
    return tuple(items) if good else POISON
