"""Claims: a comparison of figures, whose axes are all accounted for.

    each(opinions.jsd, over = [model, population]) > 0.8
    each(opinions.jsd - opinions.jsd[condition = shuffled_countries], over = [model, population]) > 0
    mean(opinions.jsd[model = smollm2], over = population) > 0.8

A figure has the axes `model`, `population`, `condition` and `dimension`. Models and populations of which there are
several must be fixed by an index, gone through by `each`, or averaged by `mean`: a claim that leaves one open would
mix what the sentence does not mix. The condition is `asked` unless another is named; without a dimension the figure is
the one of the whole survey. A metric with parts has further axes, such as the `sex` of a group of people: some have a
value of their own accord, and what the others leave open must be named too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal, cast

from auditc.diagnostics import Label, Span
from auditc.ir.plan import Arithmetic, Comparison, Figure, Mean, Number, Term
from auditc.metrics import metrics
from auditc.spec.syntax import Argument, Binary, Call, Expression, Index, Items, Member, Text, Unary, Word

from .expressions import quantity
from .further import Further
from .mistakes import POISON, Poison, close, listing, report
from .scope import Scope
from .wants import called

AXES: Final = ("model", "population", "condition", "dimension")
OPEN: Final = ("model", "population")
"""Axes that have no value of their own accord."""

CALLS: Final = ("each", "mean")
"""What a claim can call."""

_EXAMPLE = "For example: `each(opinions.jsd, over = [model, population]) > 0.8`."


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What a claim may say of a method's block: its metrics, and the values of each axis by their names in the plan.

    An axis without values is none: scenarios are asked as nobody, so a script's figures have no `population`. `further`
    are the axes of the parts of each metric that has some.
    """

    metrics: tuple[str, ...]
    axes: dict[str, tuple[str, ...]]
    further: dict[str, Further] = field(default_factory=dict)

    def along(self, metric: str) -> dict[str, tuple[str, ...]]:
        """Every axis of one of its metrics, with its values. A judge reads answers to what was asked, of any dimension:
        what it says has neither axis; and what is of all populations together stands at none."""
        taken = metrics.take(metric)
        none = {"condition", "dimension"} if taken.reads == "assessed" else {"population"} if taken.across else set()
        axes = {axis: values for axis, values in self.axes.items() if axis not in none}
        return axes | (self.further[metric].axes if metric in self.further else {})


@dataclass(frozen=True, slots=True, eq=False)
class _Free:
    """A figure in a claim: its block, where it stands, and the axes that nothing has settled yet."""

    measured: Measured
    metric: str
    span: Span
    axes: frozenset[str]
    named: frozenset[str]

    def values(self, axis: str) -> tuple[str, ...]:
        return self.measured.along(self.metric).get(axis, ())


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A term that has been read, and the figures in it."""

    term: Term
    figures: tuple[_Free, ...]


def holds(expression: Expression, scope: Scope, measured: dict[str, Measured | Poison]) -> Comparison | Poison:
    """The comparison that a claim stands for."""
    if isinstance(expression, Binary) and expression.operator in ("and", "or"):
        label = f"`{expression.operator}` joins two comparisons"
        return report(scope.sink, "AC340", expression.span, label, remedy="Write a claim for each.")
    if not isinstance(expression, Binary) or expression.operator not in ("<", "<=", ">", ">=", "==", "!="):
        label = f"a comparison is expected, and this is {called(expression)}"
        return report(scope.sink, "AC340", expression.span, label, remedy=_EXAMPLE)
    if expression.operator in ("==", "!="):
        remedy = "Write how close is close enough: two claims, one with `<` and one with `>`."
        label = f"no sample shows that two figures are `{expression.operator}`"
        return report(scope.sink, "AC341", expression.span, label, remedy=remedy)
    reader = _Reader(scope, measured)
    left, left_each = reader.side(expression.left)
    right, right_each = reader.side(expression.right)
    if isinstance(left, Poison) or isinstance(right, Poison):
        return POISON
    if left_each and right_each and left_each != right_each:
        label = "`each` goes through other axes on the left than on the right"
        return report(scope.sink, "AC345", expression.span, label, remedy=_EXAMPLE)
    figures = (*left.figures, *right.figures)
    if not figures:
        return report(scope.sink, "AC340", expression.span, "nothing in it is measured", remedy=_EXAMPLE)
    each = left_each or right_each
    if not reader.span_axes(each, figures, expression.span) or not reader.closed(figures, each):
        return POISON
    operator = cast(Literal["<", "<=", ">", ">="], expression.operator)
    bound = frozenset(each)
    return Comparison(
        left=settled(left.term, bound, measured),
        operator=operator,
        right=settled(right.term, bound, measured),
        each=each,
    )


def one_figure(expression: Expression, scope: Scope, measured: dict[str, Measured | Poison]) -> Figure | Poison:
    """A figure that stands alone, with the axes that an index fixes; the others are left open."""
    reader = _Reader(scope, measured)
    if not isinstance(expression, Member) and not (isinstance(expression, Index) and isinstance(expression.of, Member)):
        label = f"`block.metric` is expected, and this is {called(expression)}"
        return report(scope.sink, "AC346", expression.span, label, remedy="For example: `figure = citizens.kl`.")
    found = reader.term(expression)
    if isinstance(found, Poison):
        return POISON
    figure, [free] = cast(Figure, found.term), found.figures
    if metrics.take(free.metric).reads == "assessed":
        label = f"`{free.metric}` has a figure for each question to its judge, and a comparison cannot name one yet"
        return report(scope.sink, "AC369", free.span, label, remedy="Compare something else.")
    if metrics.take(free.metric).across:
        label = f"`{free.metric}` is one figure for all populations together, and a comparison cannot name one yet"
        return report(scope.sink, "AC369", free.span, label, remedy="Compare something else.")
    if not reader.one_part(free, (), around=False):
        return POISON
    further = free.measured.further.get(free.metric)
    return figure if further is None else Figure(measure=figure.measure, at=further.settled(figure.at, ()))


@dataclass(frozen=True, slots=True, eq=False)
class _Reader:
    scope: Scope
    measured: dict[str, Measured | Poison]

    def side(self, expression: Expression) -> tuple[_Part | Poison, tuple[str, ...]]:
        """One side of the comparison, and the axes that an `each` around it goes through."""
        if not _is_call(expression, "each"):
            return self.term(expression), ()
        inner = self._spanning(cast(Call, expression))
        return (POISON, ()) if isinstance(inner, Poison) else inner

    def term(self, expression: Expression) -> _Part | Poison:
        """A term: a figure, a number, a mean, or arithmetic on those."""
        match expression:
            case Member():
                return self._figure(expression, (), expression.span)
            case Index() if isinstance(expression.of, Member):
                return self._figure(expression.of, expression.arguments, expression.span)
            case Binary() if expression.operator in "+-*/" and _has_figures(expression):
                return self._arithmetic(expression)
            case Unary() if expression.operator == "-" and _has_figures(expression):
                operand = self.term(expression.operand)
                if isinstance(operand, Poison):
                    return POISON
                minus = Arithmetic(operator="-", left=Number(value=0.0), right=operand.term)
                return _Part(minus, operand.figures)
            case Call() if _is_call(expression, "mean"):
                return self._mean(expression)
            case Call():
                return self._no_function(expression)
            case _:
                return self._number(expression)

    def _number(self, expression: Expression) -> _Part | Poison:
        found = quantity(expression, self.scope)
        if isinstance(found, Poison):
            return POISON
        if found is None:
            label = f"a figure or a number is expected, and this is {called(expression)}"
            return report(self.scope.sink, "AC346", expression.span, label, remedy=_EXAMPLE)
        if found.of not in ("plain", "share"):
            label = f"figures are plain numbers or shares, and this is a {found.of}"
            return report(self.scope.sink, "AC303", expression.span, label)
        return _Part(Number(value=float(found.value)), ())

    def _no_function(self, call: Call) -> Poison:
        name = call.of.span.text
        if name == "each":
            label = "`each` stands around one whole side of the comparison"
            return report(self.scope.sink, "AC346", call.span, label, remedy=_EXAMPLE)
        remedy = close(name, CALLS) or "A claim can call `each` and `mean`."
        return report(self.scope.sink, "AC214", call.of.span, f"a claim cannot call `{name}`", remedy=remedy)

    def _arithmetic(self, expression: Binary) -> _Part | Poison:
        left, right = self.term(expression.left), self.term(expression.right)
        if isinstance(left, Poison) or isinstance(right, Poison):
            return POISON
        operator = cast(Literal["+", "-", "*", "/"], expression.operator)
        if operator == "/" and isinstance(right.term, Number) and right.term.value == 0:
            return report(self.scope.sink, "AC311", expression.span, "this divides by zero")
        term = Arithmetic(operator=operator, left=left.term, right=right.term)
        return _Part(term, (*left.figures, *right.figures))

    def _mean(self, call: Call) -> _Part | Poison:
        inner = self._spanning(call)
        if isinstance(inner, Poison):
            return POISON
        part, over = inner
        settled = tuple(replace(f, axes=f.axes - set(over), named=f.named | (f.axes & set(over))) for f in part.figures)
        return _Part(Mean(of=part.term, over=over), settled)

    def _spanning(self, call: Call) -> tuple[_Part, tuple[str, ...]] | Poison:
        """The term inside `each(…, over = …)` or `mean(…, over = …)`, and the axes."""
        name = call.of.span.text
        inner = [a for a in call.arguments if a.name is None]
        over = [a for a in call.arguments if a.name is not None and a.name.text == "over"]
        if len(inner) != 1 or len(over) != 1 or len(call.arguments) != 2:
            remedy = f"For example: `{name}(opinions.jsd, over = [model, population])`."
            label = f"`{name}` takes a figure and the axes it goes over"
            return report(self.scope.sink, "AC309", call.span, label, remedy=remedy)
        part = self.term(inner[0].value)
        if isinstance(part, Poison):
            return POISON
        axes = self._axes(over[0].value, _known(part.figures))
        if isinstance(axes, Poison):
            return POISON
        return (part, axes) if self.span_axes(axes, part.figures, over[0].span) else POISON

    def _axes(self, expression: Expression, known: tuple[str, ...]) -> tuple[str, ...] | Poison:
        words = expression.values if isinstance(expression, Items) else (expression,)
        found: list[str] = []
        for word in words:
            if not isinstance(word, Word) or word.name.text not in known:
                name = word.span.text
                remedy = close(name, known) or f"The axes are {listing(known)}."
                return report(self.scope.sink, "AC344", word.span, f"there is no axis `{name}`", remedy=remedy)
            if word.name.text in found:
                return report(
                    self.scope.sink, "AC308", word.span, "this is in the list already", remedy="Leave it out."
                )
            found.append(word.name.text)
        if not found:
            remedy = "For example: `over = [model, population]`."
            return report(self.scope.sink, "AC307", expression.span, "at least one axis is needed", remedy=remedy)
        return tuple(axis for axis in known if axis in found)

    def span_axes(self, axes: tuple[str, ...], figures: tuple[_Free, ...], at: Span) -> bool:
        """Whether each axis is free in a figure, and has the same values in all in which it is free."""
        for axis in axes:
            free = [figure for figure in figures if axis in figure.axes]
            if not free:
                there = any(figure.values(axis) for figure in figures)
                label = f"`{axis}` is fixed or averaged in every figure already"
                label = label if there or not figures else f"the figures have no {axis}"
                report(self.scope.sink, "AC345", at, label, remedy=f"Leave `{axis}` out.")
                return False
            values = {figure.values(axis) for figure in free}
            if len(values) > 1:
                related = tuple(Label(f.span, f"here: {', '.join(f.values(axis))}") for f in free)
                label = f"the figures do not have the same values of `{axis}`"
                report(
                    self.scope.sink, "AC344", at, label, remedy=f"Fix it by an index: `[{axis} = …]`.", related=related
                )
                return False
        return True

    def closed(self, figures: tuple[_Free, ...], each: tuple[str, ...]) -> bool:
        """Whether no axis with several values is left open."""
        good = True
        for figure in figures:
            for axis in OPEN:
                values = figure.measured.axes[axis]
                if axis in figure.axes and axis not in each and len(values) > 1:
                    label = f"`{axis}` is {listing(values)}: which of them is meant?"
                    remedy = (
                        f"Put `each(…, over = {axis})` around the side for every one of them, or fix one by "
                        f"`[{axis} = {values[0]}]`, or write `mean({figure.span.text}, over = {axis})`."
                    )
                    report(self.scope.sink, "AC343", figure.span, label, remedy=remedy)
                    good = False
            good = self.one_part(figure, each) and good
        return good

    def one_part(self, figure: _Free, each: tuple[str, ...], around: bool = True) -> bool:
        """Whether the axes that are named, and those that have a value of their own accord, lead to a part. `around`
        the figure an `each` can stand."""
        further = figure.measured.further.get(figure.metric)
        if further is None:
            return True
        named = (figure.named | (figure.axes & set(each))) & further.axes.keys()
        if further.leads(named):
            return True
        wanted = [axis for axis in further.axes if axis not in named and axis not in further.usual]
        told = "; ".join(f"`{axis}` is {listing(further.axes[axis])}" for axis in wanted)
        if not wanted or (named and not any(further.leads(named | {axis}) for axis in wanted)):
            label = f"`{figure.metric}` is not told apart by {listing(sorted(named)) or 'anything'} together"
            report(self.scope.sink, "AC344", figure.span, label, remedy="Fix one of them alone.")
            return False
        axis = wanted[0]
        remedy = f'ix it: `[{axis} = "{further.axes[axis][0]}"]`.'
        remedy = f"Put `each(…, over = {axis})` around the side, or f{remedy}" if around else f"F{remedy}"
        label = f"{told}: which of them is meant?"
        report(self.scope.sink, "AC343", figure.span, label, remedy=remedy)
        return False

    def _figure(self, member: Member, arguments: tuple[Argument, ...], span: Span) -> _Part | Poison:
        if not isinstance(member.of, Word | Member):
            label = f"`block.metric` is expected, and this is {called(member.of)}"
            return report(self.scope.sink, "AC346", span, label, remedy=_EXAMPLE)
        declared = self.scope.names.refer(self.scope.module, member.of, "method")
        if isinstance(declared, Poison):
            return POISON
        measured = self.measured[declared.key]
        if isinstance(measured, Poison):
            return POISON
        metric = member.name.text
        if metric not in measured.metrics:
            hint = close(metric, measured.metrics)
            if not hint and metric in metrics.names():
                hint = f"Ask for it in the block: `{metric} {{ }}`."
            remedy = hint or f"Measured there: {listing(measured.metrics)}."
            related = (Label(declared.name.span, "the block"),)
            label = f"`{declared.key}` measures no `{metric}`"
            return report(self.scope.sink, "AC342", member.name.span, label, remedy=remedy, related=related)
        axes = measured.along(metric)
        at = self._fixed(arguments, axes)
        if isinstance(at, Poison):
            return POISON
        free = frozenset(axis for axis in axes if axis not in at and axes[axis])
        figure = _Free(measured, metric, span, free, frozenset(at))
        return _Part(Figure(measure=f"{declared.key}.{metric}", at=at), (figure,))

    def _fixed(self, arguments: tuple[Argument, ...], axes: dict[str, tuple[str, ...]]) -> dict[str, str] | Poison:
        """The axes that an index fixes, of those that there are."""
        known = tuple(axes)
        at: dict[str, str] = {}
        for argument in arguments:
            name = argument.name
            if name is None:
                remedy = "For example: `[model = my_model, population = my_population]`."
                return report(self.scope.sink, "AC344", argument.span, "which axis is this on?", remedy=remedy)
            if name.text not in known:
                remedy = close(name.text, known) or f"The axes are {listing(known)}."
                return report(self.scope.sink, "AC344", name.span, f"there is no axis `{name.text}`", remedy=remedy)
            if name.text in at:
                return report(self.scope.sink, "AC345", name.span, f"`{name.text}` is fixed already")
            worth = self._axis_value(name.text, argument.value, axes[name.text])
            if isinstance(worth, Poison):
                return POISON
            at[name.text] = worth
        return at

    def _axis_value(self, axis: str, expression: Expression, values: tuple[str, ...]) -> str | Poison:
        worth: str | Poison
        if axis in OPEN and isinstance(expression, Word | Member):
            declared = self.scope.names.refer(self.scope.module, expression, axis)
            worth = POISON if isinstance(declared, Poison) else declared.key
        elif axis not in OPEN and isinstance(expression, Word):
            worth = expression.name.text
        elif axis not in ("condition", *OPEN) and isinstance(expression, Text):
            worth = expression.value
        else:
            label = f"the name of a {axis} is expected, and this is {called(expression)}"
            return report(self.scope.sink, "AC301", expression.span, label)
        if not isinstance(worth, Poison) and worth not in values:
            remedy = close(worth, values) or (f"There is {listing(values)}." if values else f"Leave `{axis}` out.")
            label = f"the block asks no {axis} `{worth}`" if values else f"the figure has no {axis}"
            return report(self.scope.sink, "AC344", expression.span, label, remedy=remedy)
        return worth


def settled(term: Term, bound: frozenset[str], measured: dict[str, Measured | Poison]) -> Term:
    """The term with every axis of its figures written out that has but one value, or a value of its own accord."""
    match term:
        case Figure():
            name, _, metric = term.measure.rpartition(".")
            block = measured[name]
            at = dict(term.at)
            if isinstance(block, Measured):
                at |= {a: block.axes[a][0] for a in OPEN if a not in at and a not in bound and block.axes[a]}
            if "condition" not in at and "condition" not in bound:
                at["condition"] = "asked"
            if isinstance(block, Measured) and metric in block.further:
                at = block.further[metric].settled(at, bound)
            return Figure(measure=term.measure, at=at)
        case Mean():
            return Mean(of=settled(term.of, bound | set(term.over), measured), over=term.over)
        case Arithmetic():
            left, right = settled(term.left, bound, measured), settled(term.right, bound, measured)
            return Arithmetic(operator=term.operator, left=left, right=right)
        case _:
            return term


def _known(figures: tuple[_Free, ...]) -> tuple[str, ...]:
    """The axes of figures: those that all have, then those of their parts."""
    own = (axis for figure in figures for axis in figure.measured.along(figure.metric))
    return tuple(dict.fromkeys((*AXES, *own)))


def _is_call(expression: Expression, name: str) -> bool:
    return isinstance(expression, Call) and isinstance(expression.of, Word) and expression.of.name.text == name


def _has_figures(expression: Expression) -> bool:
    """Whether something measured stands in an expression, so that it is more than arithmetic on constants."""
    match expression:
        case Binary():
            return _has_figures(expression.left) or _has_figures(expression.right)
        case Unary():
            return _has_figures(expression.operand)
        case Member() | Index() | Call():
            return True
        case _:
            return False


def averaged_in(term: Term) -> Iterator[str]:
    """Every axis that a mean in a term is taken over."""
    match term:
        case Mean():
            yield from term.over
            yield from averaged_in(term.of)
        case Arithmetic():
            yield from averaged_in(term.left)
            yield from averaged_in(term.right)


def figures(term: Term | Comparison) -> Iterator[Figure]:
    """Every figure in a term, or on both sides of a comparison."""
    match term:
        case Comparison():
            yield from figures(term.left)
            yield from figures(term.right)
        case Figure():
            yield term
        case Mean():
            yield from figures(term.of)
        case Arithmetic():
            yield from figures(term.left)
            yield from figures(term.right)
