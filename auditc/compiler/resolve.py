"""Names: which blocks a spec declares, in which file, and what a name in an expression stands for.

All blocks of a file share one set of names, so that a name means one thing wherever it is read; the attribute that
holds a name decides which kind of block it may stand for. Names of an imported file are reached through its alias,
`wvs.values`. In the plan a block of the entry file has its own name, any other one the shortest way to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from auditc.diagnostics import Label, Sink, Span
from auditc.methods import methods
from auditc.metrics import metrics
from auditc.spec.syntax import Block, Expression, Member, Name, Text, Word

from .declarations import KINDS, LIBRARY, NAMELESS, PROVIDES
from .load import Module, imported_twice
from .mistakes import POISON, Poison, close, listing, report
from .quantities import Quantity
from .tables import MANY

FARTHEST: Final = 100
"""How many constants may lead to a value, one behind the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Declaration:
    """A block that has a name. `key` is its name in the plan."""

    kind: str
    key: str
    name: Name
    block: Block
    module: Module

    @property
    def is_method(self) -> bool:
        return self.kind not in KINDS


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """`name = expression` in a `let` block; poison when its definition goes round in a circle."""

    name: Name
    value: Expression | Poison
    module: Module


@dataclass(slots=True, eq=False)
class Names:
    """What is declared, by file and name; and which of it has been used."""

    sink: Sink
    entry: Module
    prefixes: dict[str, str]
    declared: dict[str, dict[str, Declaration]] = field(default_factory=dict)
    constants: dict[str, dict[str, Constant]] = field(default_factory=dict)
    audits: list[Block] = field(default_factory=list)
    poisoned: set[tuple[str, str]] = field(default_factory=set)
    used: set[tuple[str, str]] = field(default_factory=set)
    quantities: dict[tuple[str, str], Quantity | Poison | None] = field(default_factory=dict)

    def every(self, *kinds: str) -> Iterator[Declaration]:
        """All blocks of these kinds, the entry file's first, each file's in the order written."""
        for module in self.declared:
            yield from (d for d in self.declared[module].values() if d.kind in kinds)

    def questions(self) -> tuple[Declaration, ...]:
        """The methods' blocks of the entry file, in the order of their names."""
        found = (d for d in self.declared[self.entry.name].values() if d.is_method)
        return tuple(sorted(found, key=lambda d: d.key))

    def constant(self, module: Module, word: Word) -> Expression | Poison:
        """What a bare word stands for where a plain value is expected."""
        name = word.name.text
        found = self.constants[module.name].get(name)
        if found is None:
            if (module.name, name) in self.poisoned:
                return POISON
            existing = close(name, self.constants[module.name])
            remedy = existing or f'Put a text in quotes: `"{name}"`; declare a constant: `let {{ {name} = 3 }}`.'
            return report(self.sink, "AC208", word.span, f"no constant is called `{name}`", remedy=remedy)
        self.used.add((module.name, name))
        return found.value

    def refer(self, module: Module, expression: Word | Member, kind: str) -> Declaration | Poison:
        """The block that a name stands for, which must be of this kind (`method` for any method's)."""
        place = self._place(module, expression)
        if isinstance(place, Poison):
            return POISON
        where, name = place
        found = self.declared[where.name].get(name.text)
        if found is None:
            return self._missing(where, name, expression.span, kind)
        self.used.add((where.name, name.text))
        if kind not in (found.kind, PROVIDES.get(found.kind)) and not (kind == "method" and found.is_method):
            label = f"a {kind} is expected, and `{name.text}` is a {found.kind}"
            alike = [d.name.text for d in self.declared[where.name].values() if d.kind == kind]
            remedy = (
                f"Declared of this kind: {listing(alike)}." if alike else f"Declare one: `{kind} my_{kind} {{ … }}`."
            )
            related = (Label(found.name.span, "declared here"),)
            return report(self.sink, "AC209", expression.span, label, remedy=remedy, related=related)
        return found

    def _place(self, module: Module, expression: Word | Member) -> tuple[Module, Name] | Poison:
        """The file and the name in it that `name` or `alias.name` points at."""
        if isinstance(expression, Word):
            return module, expression.name
        if not isinstance(expression.of, Word):
            return report(self.sink, "AC015", expression.of.span, "a name is `name`, or `alias.name` from an import")
        alias = expression.of.name.text
        if alias not in module.imports:
            hint = close(alias, module.imports) or f'Write `import "{alias}.audit" as {alias}`.'
            return report(self.sink, "AC015", expression.of.span, f"nothing is imported as `{alias}`", remedy=hint)
        imported = module.imports[alias]
        self.used.add((module.name, alias))
        return POISON if isinstance(imported, Poison) else (imported, expression.name)

    def _imported(self, where: Module, name: Name, kind: str) -> str:
        """A name that is there in an imported file, and wants its alias."""
        for alias, module in where.imports.items():
            found = None if isinstance(module, Poison) else self.declared[module.name].get(name.text)
            if found is not None and kind in (found.kind, PROVIDES.get(found.kind)):
                return f"Did you mean `{alias}.{name.text}`?"
        return ""

    def _missing(self, where: Module, name: Name, span: Span, kind: str) -> Poison:
        if (where.name, name.text) in self.poisoned:
            return POISON
        there = self.declared[where.name]
        alike = [d.name.text for d in there.values() if d.kind == kind or (kind == "method" and d.is_method)]
        hint = close(name.text, alike) or self._imported(where, name, kind) or close(name.text, there)
        meant = next((d for d in there.values() if hint and f"`{d.name.text}`" in hint), None)
        related = (Label(meant.name.span, "declared here"),) if meant else ()
        known = f"Declared: {listing(alike)}." if alike else f"Declare it: `{kind} {name.text} {{ … }}`."
        return report(
            self.sink, "AC208", span, f"no {kind} is called `{name.text}`", remedy=hint or known, related=related
        )


def resolve(entry: Module, sink: Sink) -> Names:
    """All names of the entry file and of what it imports. What is declared wrongly is reported and poisoned."""
    files = _files(entry)
    names = Names(sink, entry, {name: prefix for name, (_, prefix) in files.items()})
    for module, _ in files.values():
        names.declared[module.name] = {}
        names.constants[module.name] = {}
        for statement, first in imported_twice(module):
            label = f"`{statement.alias.text}` is taken"
            report(sink, "AC202", statement.alias.span, label, remedy="Choose another name.", related=(first,))
        for block in module.file.statements:
            if isinstance(block, Block):
                _declare(names, module, block)
        _break_circles(names, module)
    return names


def _files(entry: Module) -> dict[str, tuple[Module, str]]:
    """All files by path, each with what goes before its names in the plan: the shortest way to it, and of equally
    short ones the first in alphabetical order."""
    files = {entry.name: (entry, "")}
    level = [entry]
    while level:
        following = []
        for module in level:
            prefix = files[module.name][1]
            for alias, imported in sorted(module.imports.items()):
                if not isinstance(imported, Poison) and imported.name not in files:
                    files[imported.name] = (imported, f"{prefix}{alias}.")
                    following.append(imported)
        level = sorted(following, key=lambda m: files[m.name][1])
    return files


def _declare(names: Names, module: Module, block: Block) -> None:
    kind = block.kind.text
    label = block.label
    if kind not in KINDS and kind not in NAMELESS and kind not in methods.names():
        _unknown_kind(names, module, block)
        return
    if module is not names.entry and kind not in LIBRARY:
        remedy = f"An imported file holds {listing(LIBRARY)}. Move this into the file that imports it."
        report(names.sink, "AC014", block.kind.span, f"`{kind}` belongs into the spec itself", remedy=remedy)
        return
    if kind == "lint":
        return  # house_rules.py has read it
    if kind == "let":
        if label is not None:
            report(names.sink, "AC211", label.span, "", remedy="Write `let { name = value }`.")
        _let(names, module, block)
        return
    if not isinstance(label, Name):
        remedy = f"Write `{kind} my_{kind} {{ … }}`."
        span = block.kind.span if label is None else label.span
        report(names.sink, "AC210", span, "a name of letters, digits and `_` stands after the kind", remedy=remedy)
        return
    if kind == "audit":
        names.audits.append(block)
        return
    if label.text in KINDS or label.text in NAMELESS:
        remedy = f"Choose another name: `{kind} my_{label.text}`."
        report(names.sink, "AC216", label.span, f"`{label.text}` is a kind of block", remedy=remedy)
    key = names.prefixes[module.name] + label.text
    if _take(names, module, label):
        names.declared[module.name][label.text] = Declaration(kind, key, label, block, module)


def _unknown_kind(names: Names, module: Module, block: Block) -> None:
    kind = block.kind.text
    known = (*KINDS, *NAMELESS, *methods.names())
    remedy = close(kind, known) or f"The kinds are {listing(known, 20)}."
    if kind in metrics.names():
        remedy = f"A metric stands in the block of a method: `first_token opinions {{ … {kind} {{ }} }}`."
    report(names.sink, "AC201", block.kind.span, f"there is no kind `{kind}`", remedy=remedy)
    if isinstance(block.label, Name):
        names.poisoned.add((module.name, block.label.text))


def _let(names: Names, module: Module, block: Block) -> None:
    for part in block.body:
        if isinstance(part, Block):
            remedy = "Write `let { name = value }`."
            report(names.sink, "AC212", part.kind.span, "a `let` block holds constants", remedy=remedy)
        elif _take(names, module, part.name):
            names.constants[module.name][part.name.text] = Constant(part.name, part.value, module)


def _take(names: Names, module: Module, name: Name) -> bool:
    """Whether a name is still free in its file; reports it when it is not."""
    taken = names.declared[module.name].get(name.text) or names.constants[module.name].get(name.text)
    first = taken.name.span if taken else None
    if first is None and name.text in module.imports:
        imports = (s for s in module.file.statements if not isinstance(s, Block))
        first = next(statement.alias.span for statement in imports if statement.alias.text == name.text)
    if first is None:
        return True
    related = (Label(first, "declared here first"),)
    remedy = "Choose another name."
    report(names.sink, "AC202", name.span, f"`{name.text}` is taken", remedy=remedy, related=related)
    return False


def _break_circles(names: Names, module: Module) -> None:
    """Poison every constant whose definition comes back to itself, and put each of the others after what it needs."""
    constants = names.constants[module.name]
    uses = {name: _words(c.value) & constants.keys() for name, c in constants.items()}
    users: dict[str, list[str]] = {name: [] for name in constants}
    for name in constants:
        for used in sorted(uses[name]):
            users[used].append(name)
    waits = {name: len(uses[name]) for name in constants}
    ready = [name for name in constants if not waits[name]]
    steps: dict[str, int] = {}
    for name in ready:  # which grows as it is gone through
        steps[name] = 1 + max((steps[used] for used in uses[name]), default=0)
        for user in users[name]:
            waits[user] -= 1
            if not waits[user]:
                ready.append(user)
    names.constants[module.name] = {name: constants[name] for name in ready}
    for name in ready:
        if steps[name] > FARTHEST:
            constant = constants[name]
            names.constants[module.name][name] = Constant(constant.name, POISON, module)
            if steps[name] == FARTHEST + 1:
                label = f"`{name}` rests on more than {FARTHEST} constants, one behind the other"
                report(names.sink, "AC311", constant.name.span, label, remedy="Write the value itself.")
    told = 0
    for name in (name for name in constants if name not in steps):
        constant = constants[name]
        names.constants[module.name][name] = Constant(constant.name, POISON, module)
        if told < MANY and name in _circle(name, uses):
            told += 1
            report(names.sink, "AC215", constant.name.span, f"`{name}` is needed to work out `{name}`")


def _circle(name: str, uses: dict[str, set[str]]) -> set[str]:
    """All constants that a constant needs, through however many steps."""
    found: set[str] = set()
    open_names = [name]
    while open_names:
        for used in uses[open_names.pop()]:
            if used not in found:
                found.add(used)
                open_names.append(used)
    return found


def _words(node: object) -> set[str]:
    """Every bare word in an expression."""
    if isinstance(node, Word):
        return {node.name.text}
    if isinstance(node, Text | Name) or not hasattr(node, "__slots__"):
        return set()
    found: set[str] = set()
    for slot in node.__slots__:
        part = getattr(node, slot)
        for inner in part if isinstance(part, tuple) else (part,):
            if slot != "span":
                found |= _words(inner)
    return found
