"""Scripts: the steps of an escalation, where each choice leads, and every path through them, counted before a run.

Numbered steps are those of the scenario and follow each other; a step with a name is the script's own and is reached by
a branch alone. A branch is decided after the latest step that its condition reads. A branch that leads back, or any
other circle, needs a bound, so that every path ends and the longest is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from auditc.diagnostics import Label, Span
from auditc.ir.script import Both, Branch, Choice, Not, Script, Step, Truth
from auditc.spec.syntax import Binary, Block, Call, Expression, Name, Number, RangeLabel, Unary, Word

from .bodies import head
from .mistakes import POISON, Poison, close, listing, report
from .scope import Scope
from .wants import called

END: Final = "end"
MOST_STEPS: Final = 100
MOST_STATES: Final = 20_000
"""A script with more states than this has more paths than anyone could look through."""


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """The steps by name, in order, and where each stands."""

    steps: dict[str, Step] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)

    @property
    def numbered(self) -> tuple[str, ...]:
        return tuple(name for name in self.steps if name.isdigit())


def script(
    steps: tuple[Any, ...], branches: tuple[Any, ...], at: tuple[list[Block], list[Block]], scope: Scope
) -> Script | Poison:
    """The script of a block: `steps` and `branches` are its forms, `at` their blocks in the same order."""
    laid = _laid(steps, at[0], scope)
    if isinstance(laid, Poison):
        return POISON
    followed = _followed(laid, steps, at[0], scope)
    found = [_branch(form, block, laid, scope) for form, block in zip(branches, at[1], strict=True)]
    if isinstance(followed, Poison) or any(isinstance(branch, Poison) for branch in found):
        return POISON
    good = [branch for branch in found if not isinstance(branch, Poison)]
    if not _ends(followed, good, laid.places, at[1], scope):
        return POISON
    if not _always_asked(followed, good, at[1], scope):
        return POISON
    _reached(followed, good, laid, scope)
    paths = _Paths(followed, tuple(good)).count(next(iter(followed)))
    if isinstance(paths, Poison):
        remedy = "Lower the bounds of its branches."
        return report(scope.sink, "AC376", head(at[1][-1]), "more than can be looked through", remedy=remedy)
    least, most, count = paths
    return Script(steps=tuple(followed.values()), branches=tuple(good), least=least, most=most, paths=count)


def _laid(forms: tuple[Any, ...], blocks: list[Block], scope: Scope) -> _Laid | Poison:
    """The steps by name; those with numbers first, 1 to the last without a gap."""
    spans: dict[str, Span] = {}
    made: dict[str, Step] = {}
    good = True
    for form, block in zip(forms, blocks, strict=True):
        label = block.label
        assert isinstance(label, Name | RangeLabel)  # `bodies` lets no other label through
        names = _numbers(label, scope) if isinstance(label, RangeLabel) else (label.text,)
        if isinstance(names, Poison) or not _fits(form, block, scope):
            good = False
            continue
        for name in names:
            if name in made or name == END:
                taken = (Label(spans[name], "here first"),) if name in spans else ()
                report(scope.sink, "AC370", label.span, f"there is a step `{name}` already", related=taken)
                good = False
                break
            kept = {"all": None, "none": 0}.get(form.remember, form.remember)
            made[name] = Step(name=name, prompt=form.prompt, choices=form.choices, remember=kept, then=END)
            spans[name] = label.span
    numbers = sorted(int(name) for name in made if name.isdigit())
    if good and not numbers:
        nowhere = "nothing leads here: a path begins with step 1 of the scenario"
        report(scope.sink, "AC370", next(iter(spans.values())), nowhere, remedy="Write `step 1..5 { … }`.")
        good = False
    for expected, number in enumerate(numbers, start=1):
        if good and number != expected:
            missing = f"step {expected} is missing: the steps of a scenario are numbered from 1"
            report(scope.sink, "AC370", spans[str(number)], missing, remedy="Write `step 1..5 { … }`.")
            good = False
    order = (*map(str, numbers), *(name for name in made if not name.isdigit()))
    return _Laid({name: made[name] for name in order}, spans) if good else POISON


def _numbers(label: RangeLabel, scope: Scope) -> tuple[str, ...] | Poison:
    low, high = label.low, label.high
    if low.unit or high.unit or low.value != int(low.value) or high.value != int(high.value):
        return report(scope.sink, "AC305", label.span, "steps are numbered", remedy="Write `step 1..5 { … }`.")
    if low.value > high.value:
        return report(scope.sink, "AC306", label.span, f"{low.value} is larger than {high.value}")
    if high.value > MOST_STEPS:
        return report(scope.sink, "AC304", high.span, f"a scenario has at most {MOST_STEPS} steps")
    return tuple(str(number) for number in range(int(low.value), int(high.value) + 1))


def _fits(form: Any, block: Block, scope: Scope) -> bool:
    """Whether a step says what its kind of step says: a numbered one has its words from the scenario."""
    own = isinstance(block.label, Name)
    if own and not form.prompt:
        remedy = 'Add `prompt { en = """…""" }`: the scenario has no words for it.'
        report(scope.sink, "AC207", head(block), "`prompt` is missing", remedy=remedy)
        return False
    for key in ("prompt", "then"):
        if not own and getattr(form, key):
            label = f"`{key}` belongs to a step of the script's own, and these are the scenario's"
            report(scope.sink, "AC313", head(block), label, remedy="Give the step a name: `step negotiate { … }`.")
            return False
    return True


def _followed(laid: _Laid, forms: tuple[Any, ...], blocks: list[Block], scope: Scope) -> dict[str, Step] | Poison:
    """The steps, each with the one that follows when no branch is taken."""
    numbered = laid.numbered
    after = dict(zip(numbered, (*numbered[1:], END), strict=True))
    good = True
    for form, block in zip(forms, blocks, strict=True):
        if isinstance(block.label, Name) and form.then is not None:
            target = _target(form.then, laid, scope)
            good = good and not isinstance(target, Poison)
            after[block.label.text] = END if isinstance(target, Poison) else target
    if not good:
        return POISON
    return {name: step.model_copy(update={"then": after.get(name, END)}) for name, step in laid.steps.items()}


def _branch(form: Any, block: Block, laid: _Laid, scope: Scope) -> Branch | Poison:
    truth = _truth(form.when, laid, scope)
    go = _target(form.go, laid, scope)
    if isinstance(truth, Poison) or isinstance(go, Poison):
        return POISON
    read = {choice.step for choice in _choices(truth)}
    own = sorted(read - set(laid.numbered))
    if len(own) > 1 or (own and len(read) > 1):
        label = f"{listing(sorted(read))} need not lie on one path"
        remedy = "A condition reads numbered steps, or one step of the script's own."
        return report(scope.sink, "AC374", head(block), label, remedy=remedy)
    after = own[0] if own else max(read, key=int)
    return Branch(after=after, when=truth, go=go, at_most=form.at_most)


def _target(expression: Expression, laid: _Laid, scope: Scope) -> str | Poison:
    """The step that `go` or `then` names."""
    if isinstance(expression, Word) and expression.name.text == END:
        return END
    return _step(expression, laid, scope)


def _step(expression: Expression, laid: _Laid, scope: Scope) -> str | Poison:
    if isinstance(expression, Number) and not expression.unit:
        name = f"{expression.value.normalize():f}"
    elif isinstance(expression, Word):
        name = expression.name.text
    else:
        label = f"a step is expected, and this is {called(expression)}"
        return report(scope.sink, "AC301", expression.span, label, remedy="For example: `3`, or `negotiate`.")
    if name not in laid.steps:
        remedy = close(name, (*laid.steps, END)) or f"The steps are {listing(laid.steps)}."
        return report(scope.sink, "AC208", expression.span, f"no step is called `{name}`", remedy=remedy)
    return name


_EXAMPLE = "For example: `choice(3) == a`."


def _truth(expression: Expression, laid: _Laid, scope: Scope) -> Truth | Poison:
    """A condition on choices."""
    if isinstance(expression, Unary) and expression.operator == "not":
        inner = _truth(expression.operand, laid, scope)
        return POISON if isinstance(inner, Poison) else Not(of=inner)
    if isinstance(expression, Binary) and expression.operator in ("and", "or"):
        left, right = _truth(expression.left, laid, scope), _truth(expression.right, laid, scope)
        if isinstance(left, Poison) or isinstance(right, Poison):
            return POISON
        return Both(operator=cast(Literal["and", "or"], expression.operator), left=left, right=right)
    if not isinstance(expression, Binary) or expression.operator not in ("==", "!="):
        label = f"a comparison of choices is expected, and this is {called(expression)}"
        return report(scope.sink, "AC374", expression.span, label, remedy=_EXAMPLE)
    step = _read(expression.left, laid, scope)
    if isinstance(step, Poison):
        return POISON
    chosen = expression.right
    if not isinstance(chosen, Word):
        label = f"the name of a choice is expected, and this is {called(chosen)}"
        return report(scope.sink, "AC374", chosen.span, label, remedy=_EXAMPLE)
    choices = laid.steps[step].choices
    if chosen.name.text not in choices:
        remedy = close(chosen.name.text, choices) or f"The choices there are {listing(choices)}."
        label = f"step `{step}` has no choice `{chosen.name.text}`"
        return report(scope.sink, "AC213", chosen.span, label, remedy=remedy)
    return Choice(step=step, equal=expression.operator == "==", to=chosen.name.text)


def _read(expression: Expression, laid: _Laid, scope: Scope) -> str | Poison:
    """The step whose choice an expression reads: `choice(3)`."""
    is_choice = isinstance(expression, Call) and isinstance(expression.of, Word)
    if not is_choice or expression.of.name.text != "choice":  # type: ignore[union-attr]  # a call of a word
        label = f"`choice(…)` is expected, and this is {called(expression)}"
        return report(scope.sink, "AC374", expression.span, label, remedy=_EXAMPLE)
    arguments = cast(Call, expression).arguments
    if len(arguments) != 1 or arguments[0].name is not None:
        return report(scope.sink, "AC309", expression.span, "`choice` takes one step", remedy=_EXAMPLE)
    return _step(arguments[0].value, laid, scope)


def _choices(truth: Truth) -> Iterator[Choice]:
    match truth:
        case Choice():
            yield truth
        case Both():
            yield from _choices(truth.left)
            yield from _choices(truth.right)
        case Not():
            yield from _choices(truth.of)


def _ends(
    steps: dict[str, Step], branches: list[Branch], places: dict[str, Span], blocks: list[Block], scope: Scope
) -> bool:
    """Whether every path ends: what has no bound makes no circle."""
    edges = {name: {step.then} for name, step in steps.items()}
    for branch in branches:
        if branch.at_most is None:
            edges[branch.after].add(branch.go)
    good = True
    for branch, block in zip(branches, blocks, strict=True):
        if branch.at_most is None and branch.after in _within_reach(branch.go, edges):
            label = f"from `{branch.go}` the path comes back to `{branch.after}`, and again, without an end"
            report(scope.sink, "AC372", head(block), label, remedy="Bound it: `at_most = 3`.")
            good = False
    if good and any(name in _within_reach(step.then, edges) for name, step in steps.items()):
        circle = next(name for name, step in steps.items() if name in _within_reach(step.then, edges))
        label = f"`then` leads from `{circle}` back to `{circle}`"
        report(scope.sink, "AC372", places[circle], label, remedy="Lead back by a branch with a bound: `at_most = 3`.")
        good = False
    return good


def _within_reach(start: str, edges: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    open_steps = [start]
    while open_steps:
        step = open_steps.pop()
        if step not in found and step != END:
            found.add(step)
            open_steps.extend(edges[step])
    return found


def _edges(steps: dict[str, Step], branches: list[Branch]) -> dict[str, set[str]]:
    """Where each step may lead."""
    edges = {name: {step.then} for name, step in steps.items()}
    for branch in branches:
        edges[branch.after].add(branch.go)
    return edges


def _always_asked(steps: dict[str, Step], branches: list[Branch], blocks: list[Block], scope: Scope) -> bool:
    """Whether the steps that a condition reads lie on every path to where it is decided."""
    first = next(iter(steps))
    good = True
    for branch, block in zip(branches, blocks, strict=True):
        for read in sorted({choice.step for choice in _choices(branch.when)} - {branch.after}, key=int):
            edges = _edges(steps, branches) | {read: set()}
            if branch.after in _within_reach(first, edges):
                label = f"a path may come to step {branch.after} without step {read}, whose choice is read"
                remedy = f"Decide it after step {read}, or let no branch lead past that."
                report(scope.sink, "AC374", head(block), label, remedy=remedy)
                good = False
                break
    return good


def _reached(steps: dict[str, Step], branches: list[Branch], laid: _Laid, scope: Scope) -> None:
    """Warn of steps that no path comes to."""
    edges = _edges(steps, branches)
    for name in steps.keys() - _within_reach(next(iter(steps)), edges):
        label = f"no path comes to `{name}`"
        report(scope.sink, "AC373", laid.places[name], label, remedy=f"Lead to it: `branch {{ … go = {name} }}`.")


@dataclass(frozen=True, slots=True, eq=False)
class _Paths:
    """Counts paths over states: a step, and how often each bounded branch may still be taken."""

    steps: dict[str, Step]
    branches: tuple[Branch, ...]
    known: dict[tuple[str, tuple[int, ...]], tuple[int, int, int]] = field(default_factory=dict)

    def count(self, first: str) -> tuple[int, int, int] | Poison:
        """Shortest, longest, number of paths; without recursion, which a long script would exhaust."""
        start = (first, tuple(branch.at_most or 1 for branch in self.branches))
        stack = [start]
        while stack:
            state = stack[-1]
            following = list(self._following(state))
            waiting = [each for each in following if each[0] != END and each not in self.known]
            if waiting:
                stack.extend(waiting)
            else:
                ends = [(0, 0, 1) if each[0] == END else self.known[each] for each in following]
                least, most = 1 + min(e[0] for e in ends), 1 + max(e[1] for e in ends)
                self.known[state] = (least, most, sum(e[2] for e in ends))
                stack.pop()
            if len(self.known) + len(stack) > MOST_STATES:
                return POISON
        return self.known[start]

    def _following(self, state: tuple[str, tuple[int, ...]]) -> Iterator[tuple[str, tuple[int, ...]]]:
        step, left = state
        yield self.steps[step].then, left
        for index, branch in enumerate(self.branches):
            if branch.after == step and left[index] > 0:
                taken = (*left[:index], left[index] - 1, *left[index + 1 :])
                yield branch.go, taken if branch.at_most is not None else left
