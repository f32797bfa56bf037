"""The page of the command line: every command with its arguments and options, and the exit codes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo, CommandInfo, OptionInfo

from auditc import cli

_EXITS: Final = {
    cli.CARRIED_OUT: "Carried out, whatever was found.",
    cli.INCOMPLETE: "A gate that was asked for is shut (`--fail-on`, `fmt --check`, a test that failed), "
    "or the run stopped "
    "before all was asked.",
    cli.REJECTED: "The spec or the arguments are rejected.",
    cli.WORLD_FAILED: "The world failed: a model that is not here, a full disk, a damaged store.",
    cli.BUG: "A bug of ours. What was stored is kept.",
}


def commands_page() -> str:
    """Every command, in the order of its help."""
    found = dict(_commands())
    lines = ["# Command line", "", "Every command with its arguments, its options and the exit codes.", ""]
    lines += [f"- [`auditc {name}`](#auditc-{name.replace(' ', '-')}): {_says(made)}" for name, made in found.items()]
    lines += ["", "## Exit codes", "", "| code | when |", "|---|---|"]
    lines += [f"| {code} | {said} |" for code, said in _EXITS.items()]
    lines += [
        "",
        "With `--json` a command prints one JSON object as its last line. `auditc --version` prints the version.",
    ]
    for name, made in found.items():
        lines += ["", f"## auditc {name}", "", inspect.cleandoc(made.__doc__ or ""), *_parameters(name, made)]
    return "\n".join(lines) + "\n"


def _commands() -> Iterator[tuple[str, Callable[..., Any]]]:
    yield from _named(cli.app.registered_commands, "")
    for group in cli.app.registered_groups:
        if group.typer_instance is not None:
            yield from _named(group.typer_instance.registered_commands, f"{group.name} ")


def _named(commands: list[CommandInfo], before: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    for command in commands:
        if command.callback is not None and not command.hidden:
            yield before + (command.name or command.callback.__name__.replace("_", "-")), command.callback


def _says(made: Callable[..., Any]) -> str:
    return " ".join((made.__doc__ or "").split())


def _parameters(name: str, made: Callable[..., Any]) -> Iterator[str]:
    hints = get_type_hints(made, include_extras=True)
    defaults = inspect.signature(made).parameters
    words, rows = [f"auditc {name}"], []
    for parameter, hint in hints.items():
        kind, *marks = get_args(hint) if hasattr(hint, "__metadata__") else (hint,)
        default = defaults[parameter].default if parameter in defaults else None
        for mark in marks:
            if isinstance(mark, OptionInfo):
                shown = ", ".join(f"`{word}`" for word in _spelled(parameter, mark))
                rows.append(f"| {shown} | {_type(kind, mark)} | {_default(default)} | {mark.help or ''} |")
            elif isinstance(mark, ArgumentInfo):
                word = parameter.upper() + ("…" if _plain(kind)[1] else "")
                optional = default is not inspect.Parameter.empty
                words.append(f"[{word}]" if optional else word)
                rows.append(
                    f"| `{parameter.upper()}` | {_type(kind, mark)} | {_default(default)} | {mark.help or ''} |"
                )
    yield from ("", "```", " ".join([*words, "[OPTIONS]"] if len(rows) >= len(words) else words), "```")
    if rows:
        yield from ("", "| | takes | when left out | what it does |", "|---|---|---|---|", *rows)


def _spelled(parameter: str, mark: OptionInfo) -> list[str]:
    """How an option is written; where a type is annotated, typer has the first spelling in place of a default."""
    said = [
        word for word in (mark.default, *(mark.param_decls or ())) if isinstance(word, str) and word.startswith("-")
    ]
    return said or [f"--{parameter.replace('_', '-')}"]


def _plain(kind: Any) -> tuple[Any, bool]:
    """A type without `None`, and whether there may be several of it."""
    if get_origin(kind) in (Union, UnionType):
        [kind] = [part for part in get_args(kind) if part is not NoneType]
    return (get_args(kind)[0], True) if get_origin(kind) is list else (kind, False)


def _type(kind: Any, mark: Any) -> str:
    one, several = _plain(kind)
    if one is bool:
        return ""
    if get_origin(one) is Literal:
        said = " or ".join(f"`{word}`" for word in get_args(one))
    elif isinstance(one, type) and hasattr(one, "__members__"):
        said = " or ".join(f"`{each.value}`" for each in one)  # type: ignore[attr-defined]
    else:
        said = {Path: "a path", int: "a whole number", float: "a number"}.get(one, "a word")
    least = f", at least {mark.min}" if getattr(mark, "min", None) is not None else ""
    return f"{said}{least}{'; may be given several times' if several and isinstance(mark, OptionInfo) else ''}"


def _default(value: Any) -> str:
    if value is inspect.Parameter.empty:
        return "**required**"
    return "" if value in (None, False) else f"`{value}`"
