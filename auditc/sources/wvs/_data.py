"""Respondents' files as one table of the columns that are needed, of which every row still knows its file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from auditc.diagnostics.suggest import suggest
from auditc.sources._contract import BadData, Fault
from auditc.sources._files import shortened

from ._codebook import Wanted
from ._columns import Column, Opened, joined, opened
from ._layout import ROLES, Layout, layout, there

if TYPE_CHECKING:
    from . import Params

EMPTY: Final = ("", "NA", ".", "nan")
"""How files write that a cell holds nothing."""

NUMBER: Final = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """All files as one: columns by name, and how many rows each file has."""

    files: tuple[Opened, ...]
    columns: dict[str, Column]
    sizes: tuple[int, ...]
    layout: Layout

    @property
    def rows(self) -> int:
        return sum(self.sizes)

    def fault(self, row: int, column: str, message: str, remedy: str) -> Fault:
        """A fault of the respondent `row`, 0-based over all files."""
        for file, size in zip(self.files, self.sizes, strict=True):
            if row < size:
                return Fault(file.name, message, remedy, row + 1, column)
            row -= size
        raise IndexError(row)


def read_all(paths: tuple[Path, ...], asked: tuple[Wanted, ...], params: Params) -> Data:
    """Every file with the columns that are needed. All files must be of one layout."""
    files = tuple(opened(path) for path in paths)
    roles = _roles(params.columns, files[0].name)
    named = {role: name for role, name in roles.items() if name != "-"}
    layouts = []
    for file in files:
        found = layout(file, named)
        layouts.append(_without(found, roles))
        there(file, [one.item.id for one in asked])
        there(file, [params.weight] if params.weight else [])
        if layouts[-1] != layouts[0]:
            message = f"its columns are not those of {files[0].name}: that is {layouts[0].name}"
            raise BadData(Fault(file.name, message, "Import files of one wave at a time."))
    one = layouts[0]
    roles_of = (one.alpha, one.code, one.wave, one.sex, one.age, one.ages, one.interview, params.weight)
    needed = tuple(dict.fromkeys([*filter(None, roles_of), *(want.item.id for want in asked)]))
    taken = [file.take(needed) for file in files]
    columns = {name: joined([part[name] for part in taken]) for name in needed}
    data = Data(files, columns, tuple(len(part[needed[0]].index) for part in taken), one)
    if not data.rows:
        raise BadData(Fault(files[0].name, "there are no respondents", "Is this the right file?"))
    return data


def _without(found: Layout, roles: dict[str, str]) -> Layout:
    return replace(found, **{role: "" for role, name in roles.items() if name == "-" and role != "country"})


def _roles(columns: tuple[str, ...], file: str) -> dict[str, str]:
    """`("sex=V240",)` as `{"sex": "V240"}`."""
    found = {}
    for said in columns:
        role, _, name = said.partition("=")
        if role not in ROLES or not name:
            near = suggest(role, ROLES)
            remedy = (
                f"Did you mean `{near}={name or 'V240'}`?" if near else f"It is one of {', '.join(ROLES)}, with `=`."
            )
            raise BadData(Fault(file, f"`--columns {shortened(said)}` names no column for a role", remedy))
        found[role] = name
    return found


def codes(data: Data, name: str) -> list[int | None]:
    """The code that each distinct value of a column is; None for an empty cell. Raises BadData for words."""
    found: list[int | None] = []
    column = data.columns[name]
    for place, value in enumerate(column.values):
        if value in EMPTY:
            found.append(None)
            continue
        number = float(value) if NUMBER.fullmatch(value) else 0.5
        if not number.is_integer():
            message = f"`{shortened(value)}` is no code"
            remedy = "Export the file with codes, not with labels."
            raise BadData(data.fault(column.first(place), name, message, remedy))
        found.append(int(number))
    return found
