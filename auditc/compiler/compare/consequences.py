"""The consequence of every change: rules for every field of every form of the plan, as in `docs/comparability.md`.

A field without a rule is never passed over: it counts as changed, and as not comparable, until somebody has thought
about it. A test asserts that no field is without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel

from auditc.metrics._contract import Metric


class Effect(Enum):
    """What a change does to the figures it touches, from nothing to everything. The words are for people."""

    NONE = "none"
    NAMED = "comparable, and named"
    DRAWS = "comparable, other draws"
    CAUTION = "comparable with a caution"
    VERDICT = "verdict not comparable"
    ITEMS = "comparable on the other items"
    NOT = "not comparable"

    @property
    def weight(self) -> int:
        """A heavier effect outweighs a lighter one."""
        return list(Effect).index(self)


class Touched(Enum):
    """Which figures a change touches, of those in its reach."""

    NOTHING = "nothing"
    ALL = "every figure"
    PEOPLE = "figures against people"
    COUNTS = "metrics that depend on the number of draws"
    ORDERS = "metrics of the options' orders"
    READ = "every figure but the mass on the options"
    DIMENSIONS = "means over dimensions"
    SCALES = "metrics that take some scales only"
    SCORED = "metrics of scores with a high end"
    PANEL = "metrics that place models among each other"
    JUDGED = "figures that the model judges"
    CLAIMS = "claims"

    def holds(self, metric: Metric[Any], *, judges: bool) -> bool:
        """Whether a metric's figures are among them; `judges` where what changed is the model that judges them."""
        match self:
            case Touched.NOTHING | Touched.CLAIMS:
                return False
            case Touched.PEOPLE:
                return metric.needs_people
            case Touched.COUNTS:
                return metric.reads in ("counts", "texts") or not metric.smooth
            case Touched.ORDERS:
                return metric.reads == "orders"
            case Touched.READ:
                return metric.reads != "mass"
            case Touched.DIMENSIONS:
                return metric.aggregate != "items"
            case Touched.SCALES:
                return len(metric.scales) < 3 or metric.panel is not None
            case Touched.SCORED:
                return metric.panel is not None
            case Touched.PANEL:
                return metric.placed
            case Touched.JUDGED:
                return judges
            case _:
                return True


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows for the figures that are touched, and why. A field may have several: the heaviest one counts."""

    touched: Touched
    effect: Effect
    why: str


Rules = tuple[Rule, ...]

UNKNOWN: Final[Rules] = (Rule(Touched.ALL, Effect.NOT, "auditc has no rule for this field"),)
"""For a field that nobody has declared a consequence of."""
DERIVED: Final[Rules] = ()
"""For a field that follows from others, or only says where something stands: it is never shown by itself."""


def _all(effect: Effect, why: str) -> Rules:
    return (Rule(Touched.ALL, effect, why),)


def _nothing(why: str) -> Rules:
    return (Rule(Touched.NOTHING, Effect.NONE, why),)


def _verdict(why: str) -> Rules:
    return (Rule(Touched.CLAIMS, Effect.VERDICT, why),)


def _people(effect: Effect, why: str) -> Rules:
    return (Rule(Touched.PEOPLE, effect, why),)


_ASKED = "the model is asked in other words"
_CARD = "the card names the model and changes no answer"
_SAMPLED = "the model answers under other settings"
_WAVES = "models are what waves compare"
_MADE = "the training makes another model, and models are what waves compare"
_ONLY_ONE = "only one audit has it; what both have is compared"

_DERIVED_OF_A_JUDGE: Final = ("kind", "block", "model", "of", "sample", "axis", "cases", "seed")
"""What an Assess stage repeats of the metric that wants it, and of the stage that it reads."""

_PLACED: Final[Rules] = (Rule(Touched.PANEL, Effect.NOT, "a place depends on all who are placed"),)
_JUDGED: Final[Rules] = (Rule(Touched.JUDGED, Effect.NOT, "another judge is another instrument"),)


def _another(why: str) -> Rules:
    """What follows when a model is another one, for its own figures and for those that it has a part in."""
    return (*_all(Effect.NAMED, why), *_PLACED, *_JUDGED)


RULES: Final[dict[str, Rules]] = {
    "Plan.format": DERIVED,
    "Plan.name": _nothing("a name changes no answer"),
    "Plan.title": _nothing("a title changes no answer"),
    "Plan.version": _nothing("a version is what waves differ in"),
    "Plan.seed": _all(Effect.DRAWS, "chance falls otherwise; what is estimated is the same"),
    "Plan.correct": _verdict("verdicts are corrected otherwise"),
    "Plan.families": _verdict("verdicts are corrected otherwise"),
    "Plan.scenarios": DERIVED,
    "Plan.frameworks": DERIVED,
    "Plan.budget": _nothing("a run says itself what it left unasked"),
    "Plan.probe": _nothing("a probe tells how far an engine repeats itself, and feeds no figure"),
    "Plan.models": _another(_WAVES),
    "Plan.populations": _nothing(_ONLY_ONE),
    "Plan.surveys": _nothing(_ONLY_ONE),
    "Plan.stages": _nothing(_ONLY_ONE),
    "Model.title": _nothing(_CARD),
    "Model.family": _nothing(_CARD),
    "Model.origin": _nothing(_CARD),
    "Model.stage": _nothing(_CARD),
    "Model.quantisation": (
        *_all(Effect.CAUTION, "the same weights answer differently when stored with other precision"),
        *_JUDGED,
    ),
    "Model.weights": _another(_WAVES),
    "Model.pin": _another(_WAVES),
    "Model.adapter": _another(_WAVES),
    "Model.backend": (
        *_all(Effect.CAUTION, "engine, precision and settings move answers beside the model itself"),
        *_JUDGED,
    ),
    "Model.like": DERIVED,
    "Model.trained": _another(_WAVES),
    "Model.price": _nothing("a price changes no answer"),
    "Population.country": _all(Effect.NOT, "other people are meant"),
    "Population.named": _all(Effect.NOT, "the prompt names the country otherwise"),
    "Population.language": _all(Effect.NOT, "the model is asked in another language"),
    "Population.places": _all(Effect.NOT, "participants live elsewhere, where the prompt says where they live"),
    "Population.groups": _all(Effect.NOT, "participants are other people, where the prompt says who they are"),
    "Survey.items": _all(Effect.ITEMS, "a figure over all items is over other items"),
    "Survey.people": _people(Effect.ITEMS, "the distance is to other people"),
    "Survey.groups": _people(Effect.ITEMS, "the groups that it tells apart are other people"),
    "Survey.dimensions": _nothing("what a reader is told of a dimension changes no answer"),
    "Survey.digests": DERIVED,
    "Item.id": DERIVED,
    "Item.scale": (Rule(Touched.SCALES, Effect.ITEMS, "the metric takes items by their scale"),),
    "Item.dimension": (Rule(Touched.DIMENSIONS, Effect.NOT, "the mean is taken over other dimensions"),),
    "Item.direction": (Rule(Touched.SCORED, Effect.ITEMS, "the item is scored from its other end"),),
    "Item.source": _nothing("a source changes no answer"),
    "Item.text": _all(Effect.ITEMS, "the item is asked in other words"),
    "Item.options": _all(Effect.ITEMS, "the item offers other answers"),
    "Item.listed": _all(Effect.ITEMS, "the item is asked together with others, or no longer, or in other words"),
    "_Stage.name": DERIVED,
    "_Stage.needs": DERIVED,
    "_Stage.origin": DERIVED,
    "Questioning.block": DERIVED,
    "Questioning.method": _all(Effect.NOT, "another method asks"),
    "Questioning.model": (*_all(Effect.NAMED, _WAVES), *_PLACED),
    "Questioning.survey": _all(Effect.NOT, "another survey is asked"),
    "Questioning.populations": (*_nothing(_ONLY_ONE), *_PLACED),
    "Questioning.language": _all(Effect.NOT, "the model is asked in another language"),
    "Questioning.items": _all(Effect.ITEMS, "a figure over all items is over other items"),
    "Questioning.wording": _all(Effect.NOT, _ASKED),
    "Questioning.labels": _all(Effect.NOT, "the options are labelled otherwise"),
    "Questioning.seed": _all(Effect.DRAWS, "chance falls otherwise; what is estimated is the same"),
    "Score.kind": DERIVED,
    "Score.conditions": _all(Effect.NOT, "the control names other countries"),
    "Score.orders": (
        Rule(Touched.ALL, Effect.CAUTION, "a mean over other orders cancels another part of their effect"),
        Rule(Touched.ORDERS, Effect.NOT, "how far answers move grows with the number of orders"),
    ),
    "Score.low_mass": (Rule(Touched.READ, Effect.NOT, "other cells count as answered"),),
    "Converse.kind": DERIVED,
    "Converse.condition": _all(Effect.NOT, "another condition is asked in"),
    "Converse.draws": (
        Rule(Touched.ALL, Effect.DRAWS, "only the precision differs"),
        Rule(Touched.COUNTS, Effect.NOT, "the metric depends on how many draws there are"),
    ),
    "Converse.told": _all(Effect.NOT, "participants are told of their place and group, or not"),
    "Converse.memory": _all(Effect.NOT, "participants remember more or fewer of their answers"),
    "Converse.beams": _all(Effect.NOT, _SAMPLED),
    "Converse.sampling": _all(Effect.NOT, _SAMPLED),
    "Converse.item_order": _all(Effect.NOT, "participants meet the items in another order"),
    "Converse.max_new_tokens": _all(Effect.NOT, "answers are cut at another length"),
    "Converse.temperature": _all(Effect.NOT, _SAMPLED),
    "Converse.top_p": _all(Effect.NOT, _SAMPLED),
    "Converse.top_k": _all(Effect.NOT, _SAMPLED),
    "Converse.stop": _all(Effect.NOT, "answers end elsewhere"),
    **dict.fromkeys([f"Assess.{name}" for name in _DERIVED_OF_A_JUDGE], DERIVED),
    "Assess.wording": _all(Effect.NOT, "the judge is asked in other words"),
    "Assess.questions": _all(Effect.NOT, "the judge is asked something else"),
    "Assess.options": _all(Effect.NOT, "the judge is given other answers to choose from"),
    "Assess.labels": _all(Effect.NOT, "the judge is given other answers to choose from"),
    "Assess.picks": _all(Effect.NOT, "another model reads what the parser could not"),
    "Assess.max_new_tokens": _all(Effect.NOT, "what the judge says is cut at another length"),
    "Converse.lists": _all(Effect.NOT, _ASKED),
    "Converse.scales": _all(Effect.NOT, _ASKED),
    "Predict.kind": DERIVED,
    "Predict.wording": DERIVED,
    "Predict.labels": DERIVED,
    "Escalate.kind": DERIVED,
    "Escalate.block": DERIVED,
    "Escalate.method": _all(Effect.NOT, "another method asks"),
    "Escalate.model": (*_all(Effect.NAMED, _WAVES), *_PLACED),
    "Escalate.scenarios": DERIVED,
    "Escalate.framework": _all(Effect.NOT, "choices are counted for other values"),
    "Escalate.language": _all(Effect.NOT, "the model is asked in another language"),
    "Escalate.script": _all(Effect.NOT, "the model is led along another path"),
    "Escalate.orders": _all(Effect.CAUTION, "a mean over other orders cancels another part of their effect"),
    "Escalate.max_new_tokens": _all(Effect.NOT, "answers are cut at another length"),
    "Escalate.seed": _all(Effect.DRAWS, "chance falls otherwise; what is estimated is the same"),
    "Scenarios.scenarios": _all(Effect.ITEMS, "a figure over all scenarios is over other scenarios"),
    "Scenarios.digest": DERIVED,
    "Framework.values": _nothing("what a reader is told of a value changes no answer"),
    "Framework.digests": DERIVED,
    "Train.kind": DERIVED,
    "Train.model": DERIVED,
    "Train.base": _another(_MADE),
    "Train.objective": _another(_MADE),
    "Train.adapter": _another(_MADE),
    "Train.survey": _another(_MADE),
    "Train.items": _another(_MADE),
    "Train.valid": _another(_MADE),
    "Train.populations": _another(_MADE),
    "Train.epochs": _another(_MADE),
    "Train.batch": _another(_MADE),
    "Train.learning_rate": _another(_MADE),
    "Train.decay": _another(_MADE),
    "Train.asks": _another(_MADE),
    "Train.weight_decay": _another(_MADE),
    "Train.precision": _another(_MADE),
    "Train.gradient_checkpointing": _another(_MADE),
    "Train.patience": _another(_MADE),
    "Train.keep": _another(_MADE),
    "Train.seed": _another(_MADE),
    "Measure.kind": DERIVED,
    "Measure.block": DERIVED,
    "Measure.metric": _nothing(_ONLY_ONE),
    "Measure.params": _all(Effect.NOT, "the metric is computed otherwise"),
    "Judge.kind": DERIVED,
    "Judge.claim": DERIVED,
    "Judge.says": _nothing("what is decided is `holds`; read whether the new sentence still says it"),
    "Judge.holds": _verdict("something else is decided; its figures stay as they are"),
    "Judge.text": DERIVED,
    "Judge.level": _verdict("it is decided at another level"),
    "Judge.estimand": _verdict("it is decided about other items"),
    "Judge.family": _verdict("it is corrected together with other claims"),
    "Judge.maps_to": _nothing("a reference to a framework changes no verdict"),
    "Compare.kind": DERIVED,
    "Compare.compare": DERIVED,
    "Compare.figure": _nothing("something else is compared between groups; the figures stay as they are"),
    "Compare.by": _nothing("models are grouped otherwise; their figures stay as they are"),
    "Compare.groups": DERIVED,
    "Compare.confounded": DERIVED,
    "Compare.tests": _nothing("other tests stand beside the figures, and change none"),
    "Compare.level": _nothing("another level of a comparison changes no figure"),
    "Render.kind": DERIVED,
    "Render.formats": _nothing("a report's form changes no figure"),
    "Render.languages": _nothing("a report's language changes no figure"),
}  # fmt: skip
"""By form and field. A dictionary of parts (`Plan.models`) says what follows when one is added or removed."""

PROVIDER: Final[dict[str, Rules]] = {
    "model": _another(_WAVES),
    "url": _another(_WAVES),
    "key": _nothing("a key opens the door and changes no answer"),
    "reuse": _nothing("what is used again are answers to the same questions"),
    **dict.fromkeys(("concurrency", "retries", "timeout"), _nothing("how a question comes to be answered, not what")),
}
"""By parameter of a provider (`api = openai { … }`); others have the consequence of `Model.backend`."""

WITHIN: Final = frozenset(
    {
        *(
            "Thing",
            "Adapter",
            "Range",
            "Place",
            "Wording",
            "Listed",
            "ListWording",
            "Condition",
            "People",
            "Group",
            "Budget",
        ),
        *("Comparison", "Number", "Figure", "Arithmetic", "Mean", "Origin", "Money", "Price"),
        *("Script", "Step", "Branch", "Choice", "Both", "Not", "ScenarioStep", "Value", "Case"),
    }
)
"""Forms that are compared whole, and whose changes have the consequence of the field that holds them."""


def rules_of(form: type[BaseModel], field: str) -> Rules:
    """The rules of a field, of the form itself or of one it is made after; UNKNOWN where none was declared."""
    for cls in form.__mro__:
        if f"{cls.__name__}.{field}" in RULES:
            return RULES[f"{cls.__name__}.{field}"]
    return UNKNOWN


def table() -> list[str]:
    """The rules as rows of a Markdown table, in their order; what is derived is left out."""
    rows = ["| field of the plan | touches | consequence | why |", "|---|---|---|---|"]
    for field, rules in (RULES | {f"api.{name}": rules for name, rules in PROVIDER.items()}).items():
        rows.extend(f"| `{field}` | {r.touched.value} | {r.effect.value} | {r.why} |" for r in rules)
    return rows
