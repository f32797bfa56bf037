"""What may stand in a block, in words, read off its form: for `auditc explain`, the reference and editors alike."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from auditc.ir.values import Body, ByLanguage, Columns, Money, OwnWord, Range, RefTo, Repeated, Table, Within

from .bodies import keys
from .declarations import FromShelf, Keep, LanguageWord, ReportWord
from .quantities import FITTING, UNITS
from .wants import Want, noun, wants

REQUIRED: Final = "required"
LEFT_OUT: Final = "none"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a form: what it takes, what stands when it is left out, and what it does. Texts are Markdown."""

    name: str
    takes: str
    default: str
    says: str
    inner: tuple[tuple[str, type[BaseModel]], ...] = ()
    """Forms that are written inside it, `lora { … }`, by the word before their braces."""


def keys_of(*forms: type[BaseModel]) -> tuple[Key, ...]:
    """All keys of forms, in the order in which they are declared."""
    return tuple(_key(form, name, info) for form in forms for name, info in keys(form).items())


def summary(form: type[BaseModel]) -> str:
    """What a form is for, on one line."""
    return " ".join((form.__doc__ or "").split())


def shortest(kind: str, label: str, *forms: type[BaseModel], also: str = "") -> str:
    """The least that a block of a kind can say; `also` is what its form does not know to be needed."""
    head = f"{kind} {label} " if label else f"{kind} "
    body = "  ".join([*_least(forms), *filter(None, [also])])
    return f"{head}{{ {body} }}" if body else f"{head}{{ }}"


def _least(forms: tuple[type[BaseModel], ...]) -> list[str]:
    found = []
    for form in forms:
        for name, info in keys(form).items():
            if info.is_required():
                options = wants(info.annotation, tuple(info.metadata))
                inner = _inner(name, info, options)
                if inner:
                    found.append(shortest(name, "1..5" if _repeated(info) else "", inner[0][1]))
                else:
                    found.append(f"{name} = {noun(options[0])[1]}")
    return found


def _key(form: type[BaseModel], name: str, info: FieldInfo) -> Key:
    options = wants(info.annotation, tuple(info.metadata))
    return Key(name, _takes(info, options), _default(info, options), _said(form, info), _inner(name, info, options))


def _inner(name: str, info: FieldInfo, options: tuple[Want, ...]) -> tuple[tuple[str, type[BaseModel]], ...]:
    if _repeated(info):
        return ((name, options[0].element[0].type),)
    found = []
    for want in options:
        if want.is_body:
            found.append((want.type.word, want.type))
        elif _is_form(want):
            found.append((name, want.type))
    return tuple(found)


def _repeated(info: FieldInfo) -> bool:
    return any(isinstance(mark, Repeated) for mark in info.metadata)


def _is_form(want: Want) -> bool:
    return isinstance(want.type, type) and issubclass(want.type, BaseModel) and not want.is_value


def _takes(info: FieldInfo, options: tuple[Want, ...]) -> str:
    """What a key takes, as a noun and the bounds on it."""
    if _repeated(info):
        return "a block, any number of times"
    by_language = options[0].mark(ByLanguage)
    if by_language:
        said = "a block with a text for each language"
        return f"a text in quotes, or {said}" if by_language.or_text else said
    return " or ".join(dict.fromkeys(_taken(want) for want in options))


def _taken(want: Want) -> str:
    if want.words:
        quoted = [f"`{word}`" for word in want.words]
        return " or ".join(quoted) if len(quoted) < 3 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
    if _is_form(want):
        return f"`{want.type.word} {{ … }}`" if issubclass(want.type, Body) else "a block"
    if want.is_list:
        said = _taken(want.element[0])
        return f"a list, each entry {said}" + _least_entries(want)
    said = noun(want)[0]
    if want.type in (int, float, Money):
        return ", ".join([_with_units(said, want), *_bounds(want)])
    if want.type is Table:
        return _table(want)
    law: Within | None = want.mark(Within)
    if law:
        return f"{said}, each end at least {law.low}" + ("" if law.high is None else f" and at most {law.high:,}")
    return said


def _table(want: Want) -> str:
    columns: Columns | None = want.mark(Columns)
    if columns is None:
        return "a data file"
    many = (f"`{name.removesuffix('*')}en` and so on for each language" for name in columns.names if name.endswith("*"))
    plain = (f"`{name}`" for name in columns.names if not name.endswith("*"))
    return f"a data file with the columns {', '.join((*plain, *many))}"


def _least_entries(want: Want) -> str:
    least = max((getattr(mark, "min_length", None) or 0 for mark in want.marks), default=0)
    return f"; at least {'one' if least == 1 else least}" if least else ""


def _with_units(said: str, want: Want) -> str:
    fit = [unit for unit, (of, _) in UNITS.items() if unit and of in FITTING[want.unit]]
    return f"{said} ({' '.join(f'`{unit}`' for unit in fit)})" if fit else said


def _bounds(want: Want) -> Iterator[str]:
    for mark in want.marks:
        match mark:
            case Gt(gt=bound):
                yield f"more than {_number(bound, want)}"
            case Ge(ge=bound) if not (want.unit == "share" and bound == 0):
                yield f"at least {_number(bound, want)}"
            case Lt(lt=bound):
                yield f"less than {_number(bound, want)}"
            case Le(le=bound) if not (want.unit == "share" and bound == 1):
                yield f"at most {_number(bound, want)}"
            case _:
                pass


def _number(value: Any, want: Want) -> str:
    if want.unit == "share":
        return f"{100 * value:g}%"
    return f"{value:g}s" if want.unit == "duration" else f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _default(info: FieldInfo, options: tuple[Want, ...]) -> str:
    if info.is_required():
        return REQUIRED
    value = info.default
    if value is PydanticUndefined or value in (None, "", ()):
        return LEFT_OUT
    written = shown(value, options)
    return f"`{written}`" if written else LEFT_OUT


def shown(value: Any, options: tuple[Want, ...] = ()) -> str:
    """A default as an author would write it, where `options` says what its key takes; empty where nobody would."""
    if value is None or value is PydanticUndefined:
        return LEFT_OUT
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple | list):
        element = next((want.element for want in options if want.is_list), options)
        return f"[{', '.join(shown(one, element) for one in value)}]"
    if isinstance(value, Range):
        return f"{value.low}..{value.high}"
    if isinstance(value, Body):
        return f"{value.word} {{ }}"
    if isinstance(value, int | float):
        counted = next((want for want in options if want.type in (int, float)), Want(type(value)))
        return _number(value, counted).replace(",", "")
    if isinstance(value, str):
        bare = not options or any(want.words or any(want.mark(mark) for mark in _BARE) for want in options)
        return value if bare else f'"{value}"'
    return ""


_BARE: Final = (LanguageWord, ReportWord, RefTo, OwnWord, Keep, FromShelf)
"""Marks of what is written as a word, without quotes."""


def _said(form: type[BaseModel], info: FieldInfo) -> str:
    [name] = [name for name, field in form.model_fields.items() if field is info]
    return info.description or docstring_under(form, name)


def docstring_under(form: type[BaseModel], name: str) -> str:
    """The string literal under a field, which is how fields are documented here; empty where there is none."""
    for owner in form.__mro__:
        if name in inspect.get_annotations(owner):
            return _literal_under(owner, name)
    return ""


def _literal_under(owner: type, name: str) -> str:
    [tree] = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    assert isinstance(tree, ast.ClassDef)
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and ast.unparse(field.target) == name:
            is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            return " ".join(str(below.value.value).split()) if is_text else ""  # type: ignore[attr-defined]
    return ""
