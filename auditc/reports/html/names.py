"""What things are called in the report: names from the plan in the report's language, fixed names from its words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from auditc.ir.finding import CultureMap, Finding, ModelRow
from auditc.ir.plan import Answered, Measure, Predict, Questioning, Score
from auditc.ir.reread import SECOND_READING
from auditc.reports._contract import Material

from .clean import anchors, clean
from .words import Words

OTHER_LANGUAGE = "other_language"
"""The ablation that asks as the same population in another language."""
ABLATIONS = ("without_prompt", "without_config", "without_memory", "nothing_varied", OTHER_LANGUAGE, SECOND_READING)
"""Conditions that leave something out of the method, or read it otherwise. They have figures of their own: what was
asked, and the controls that show whether the question was taken in, stand alone."""
PROFILES = ("matching",)
"""Metrics that are read by dimension first: that figure is not folded away."""
APART, BESIDE = ("profile",), ("base_rate",)
"""Further axes of findings: each value of the first has a figure of its own, those of the second a panel. The values of
any other axis are lanes within a panel."""
APPARENT, UNDRAWN = "apparent", ("sensitivity", "specificity")
"""Lines of a corrected figure: what it was before the correction is a mark of its own beside it; how often the judge is
right says nothing about where the figure lies, and stands in the table alone."""
_VARIANT = re.compile(r"_[a-z]+[0-9]{4}$")


@dataclass(frozen=True, slots=True)
class Names:
    """Names, and the order in which things are shown: the plan's. Made by `names`."""

    material: Material
    words: Words
    models: tuple[str, ...]
    populations: tuple[str, ...]
    blocks: tuple[str, ...]
    metrics: dict[str, tuple[str, ...]]
    """By block."""
    dimensions: tuple[str, ...]
    conditions: tuple[str, ...]
    """`asked` first, ablations last; each has a mark of its own in figures."""
    values: dict[str, tuple[str, ...]]
    """The values of each further axis, in the order of the report's words; those that it has no words for by the number
    in them, as ages have, or else as found."""
    anchors: dict[str, str]
    """The fragment identifier of each finding."""

    @property
    def language(self) -> str:
        return self.words.language

    @property
    def peopled(self) -> tuple[str, ...]:
        """The populations as whose people somebody is asked; texts that are given stand for nobody."""
        given = {p for s in questionings(self.material) if isinstance(s, Predict) for p in s.populations}
        return tuple(p for p in self.populations if p not in given)

    def of(self, texts: dict[str, str], otherwise: str = "") -> str:
        """The text in the report's language, or in English, or in whatever there is."""
        for language in (self.language, "en", *texts):
            if texts.get(language):
                return texts[language]
        return otherwise

    def model(self, name: str) -> str:
        """Title and quantisation: the weights that answered are not those that were published."""
        if not name:
            return self.words("table.all")
        row = self._row(name)
        if row is None and ", " in name:
            return self.words.listed([self.model(one) for one in name.split(", ")])
        # What is trained stands on other weights than its base: the card says of which precision that was.
        made = any(each.model == name for each in self.material.findings.trainings)
        return titled(row.title or name, "" if made else row.quantisation) if row else name

    def short(self, name: str) -> str:
        """The title alone, where no other model has the same: for sentences and small figures."""
        titles = {row.name: _bare(row) for row in self.material.findings.models}
        own = titles.get(name, "")
        return own if own and list(titles.values()).count(own) == 1 else self.model(name)

    def _row(self, name: str) -> ModelRow | None:
        return next((row for row in self.material.findings.models if row.name == name), None)

    def population(self, name: str) -> str:
        if not name:
            return self.words("table.all")
        population = self.material.plan.populations.get(name)
        if population is None and ", " in name:
            return self.words.listed([self.population(one) for one in name.split(", ")])
        return self.of(population.named, population.country) if population else name

    def heading(self, population: str) -> str:
        """A population's name where it stands by itself: `the United States` with a capital letter."""
        name = self.population(population)
        return name[:1].upper() + name[1:]

    def place(self, population: str) -> int:
        """Where a population comes in the order of populations: it decides shape and colour."""
        return self.populations.index(population) if population in self.populations else len(self.populations)

    def condition(self, name: str) -> str:
        return self.words.listed([self.words.known(f"condition.{one}", plain(one)) for one in name.split(", ")])

    def variant(self, condition: str) -> int:
        """0 for what was asked, 1 for the first control, and so on: it decides how a mark is filled."""
        return self.conditions.index(condition) if condition in self.conditions else 1

    def dimension(self, name: str) -> str:
        for survey in self.material.plan.surveys.values():
            for value in survey.dimensions.values if survey.dimensions else ():
                if value.id == name:
                    return self.of(value.name, plain(name))
        return self.words.known(f"dimension.{name}", plain(name))

    def axis(self, name: str) -> str:
        return self.words.known(f"axis.{name}.title", plain(name))

    def value(self, axis: str, value: str) -> str:
        """A value of a further axis, by itself."""
        return self.dimension(value) if axis == "dimension" else self.words.known(f"axis.{axis}.{value}", plain(value))

    def part(self, axes: dict[str, str]) -> str:
        """What a finding is fixed at, in words that can stand alone."""
        words, told = self.words, []
        for axis, value in axes.items():
            known = axis == "dimension" or words.has(f"axis.{axis}.{value}")
            told.append(self.value(axis, value) if known else f"{self.axis(axis)}{words('sentence.colon')}{value}")
        return words("list.comma").join(told)

    def titled_part(self, axes: dict[str, str]) -> str:
        text = self.part(axes)
        return text[:1].upper() + text[1:]

    def rank(self, axes: dict[str, str]) -> tuple[object, ...]:
        """Where a part comes: the whole survey first, dimensions in the survey's order, values as `values` has them."""
        dimension = axes.get("dimension")
        known = self.dimensions.index(dimension) if dimension in self.dimensions else len(self.dimensions)
        further = [(axis, self.values[axis].index(value)) for axis, value in axes.items() if axis != "dimension"]
        return (-1 if dimension is None else known, *further)

    def metric(self, name: str) -> str:
        return self.words.known(f"metric.{name}.title", plain(name))

    def block(self, name: str) -> str:
        """A block is called what the spec calls it."""
        return plain(name)

    def method(self, name: str) -> str:
        return self.words.known(f"method.{name}.title", plain(name))

    def line(self, key: str) -> str:
        """A reference line; the evidence calls them `uniform`, `people of cn`, `split half of people`."""
        if key.startswith("people of "):
            return self.words("line.people", population=self.population(key.removeprefix("people of ")))
        return self.words.known("line." + key.replace(" ", "_"), key)

    def where(self, block: str, metric: str) -> str:
        """A short name for one metric of one block, unique in the page."""
        return f"{self.blocks.index(block)}-{self.metrics[block].index(metric)}"


def names(material: Material, words: Words) -> Names:
    """Names and orders of everything in `material`."""
    stages, figures = questionings(material), estimates(material)
    blocks = tuple(
        dict.fromkeys(
            [*(s.block for s in stages), *(f.block for f in figures), *(m.block for m in material.findings.maps)]
        )
    )
    surveys = material.plan.surveys.values()
    return Names(
        material=material,
        words=words,
        models=tuple(row.name for row in material.findings.models),
        populations=tuple(
            dict.fromkeys(
                [*(p for s in stages for p in s.populations), *(f.population for f in figures if f.population)]
            )
        ),
        blocks=blocks,
        metrics={block: _metrics(material, block) for block in blocks},
        dimensions=tuple(dict.fromkeys(i.dimension for s in surveys for i in s.items if i.dimension)),
        conditions=tuple(
            sorted(
                dict.fromkeys(["asked", *(f.condition for f in figures), *_conditions(stages)]),
                key=lambda c: ABLATIONS.index(c) if ablation(c) else -1,
            )
        ),
        values=_values(material.findings.findings, words),
        anchors=anchors("f", [f.id for f in material.findings.findings]),
    )


def _conditions(stages: list[Answered]) -> list[str]:
    return [
        c
        for s in stages
        if not isinstance(s, Predict)
        for c in ([x.name for x in s.conditions] if isinstance(s, Score) else [s.condition])
    ]


def _values(findings: Sequence[Finding], words: Words) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for f in findings:
        for axis, value in f.axes.items():
            found.setdefault(axis, {})[value] = None
    shown = {}
    for axis, own in found.items():
        start = f"axis.{axis}."
        worded = [key.removeprefix(start) for key in words.table if key.startswith(start)]
        shown[axis] = tuple(dict.fromkeys([*(v for v in worded if v in own), *sorted(own, key=_numbered)]))
    return shown


def _numbered(value: str) -> tuple[float, bool]:
    """By the first number, `under 30` before `30-49`; what has none comes first."""
    number = re.search("[0-9]+", value)
    return (float(number[0]), number.start() == 0) if number else (-1.0, False)


def ablation(condition: str) -> bool:
    """Whether the condition leaves something out of the method."""
    return condition in ABLATIONS


def published(metric: str) -> bool:
    """Whether the metric is a paper's variant, by its name: `kl_def2025`."""
    return _VARIANT.search(metric) is not None


def _metrics(material: Material, block: str) -> tuple[str, ...]:
    """The block's metrics in the plan's order."""
    planned = [s.metric for s in material.plan.stages if isinstance(s, Measure) and s.block == block]
    found = [f.metric for f in estimates(material) if f.block == block]
    found += [map_metric(material, m) for m in material.findings.maps if m.block == block]
    return tuple(m for m in dict.fromkeys([*planned, *found]) if m in found)


def map_metric(material: Material, content: CultureMap) -> str:
    """The metric that a map belongs to."""
    measures = (s for s in material.plan.stages if isinstance(s, Measure))
    return next((s.metric for s in measures if s.name == content.measure), "culture_map")


def _bare(row: ModelRow) -> str:
    """The title without the words on quantisation that it may end in."""
    return row.title.split(f", {row.quantisation}")[0] if row.quantisation else row.title


def titled(title: str, quantisation: str) -> str:
    return f"{title}, {quantisation}" if quantisation and quantisation not in title else title


def plain(name: str) -> str:
    """A name of the spec as words: `long_term_orientation` is `Long term orientation`."""
    words = clean(name).replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def estimates(material: Material) -> list[Finding]:
    """Findings that are figures of a metric, and not parts of a claim."""
    return [f for f in material.findings.findings if f.claim is None]


def questionings(material: Material) -> list[Answered]:
    return [stage for stage in material.plan.stages if isinstance(stage, Questioning)]
