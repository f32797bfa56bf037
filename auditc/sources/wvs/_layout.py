"""Where the waves of the World Values Survey keep country, sex, age and weight, and what countries are called."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from auditc.diagnostics.suggest import suggest
from auditc.sources._contract import BadData, Fault
from auditc.sources._files import shortened

from ._columns import Opened

ROLES: Final = ("country", "wave", "sex", "age", "ages", "interview")
"""What a column can be named for: `--columns sex=V240`."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of columns; an empty one is not there. `age` is in years, `ages` has the three groups 1, 2, 3."""

    name: str
    alpha: str
    code: str
    wave: str
    sex: str
    age: str
    ages: str
    interview: str


_WAVE_7: Final = Layout("wave 7", "B_COUNTRY_ALPHA", "B_COUNTRY", "A_WAVE", "Q260", "Q262", "X003R2", "D_INTERVIEW")
_SERIES: Final = Layout("time series", "COUNTRY_ALPHA", "S003", "S002VS", "X001", "X003", "X003R2", "")
_WAVE_6: Final = Layout("wave 6", "B_COUNTRY_ALPHA", "V2", "V1", "V240", "V242", "", "")
_WAVE_5: Final = Layout("wave 5", "", "V2", "V1", "V235", "V237", "", "")


def layout(file: Opened, named: dict[str, str]) -> Layout:
    """The layout of a file by the columns that it has; `named` columns go before. Raises BadData."""
    found = _found(file, named)
    if "country" in named:
        found = replace(found, alpha=named["country"], code="")
    found = replace(found, **{role: name for role, name in named.items() if role != "country"})
    for name in named.values():
        if name not in file.columns:
            raise BadData(_lacking(file, name))
    there = {role: getattr(found, role) for role in ("alpha", "code", "wave", "sex", "age", "ages", "interview")}
    return replace(found, **{role: name if name in file.columns else "" for role, name in there.items()})


def _found(file: Opened, named: dict[str, str]) -> Layout:
    there = set(file.columns)
    if there & {"B_COUNTRY_ALPHA", "B_COUNTRY"} and "V2" not in there:
        return _WAVE_7
    if there & {"S003", "COUNTRY_ALPHA"}:
        return _SERIES
    if {"V1", "V2"} <= there:
        waves = set(file.take(("V1",))["V1"].values)
        for wave, found in (("6", _WAVE_6), ("5", _WAVE_5)):
            if waves <= {wave, f"{wave}.0"}:
                return found
    if "country" in named:
        return Layout("named columns", "", "", "", "", "", "", "")
    message = (
        "no column says the country: `B_COUNTRY_ALPHA` (wave 7), `S003` (time series), `V2` with `V1` (waves 5, 6)"
    )
    near = suggest("B_COUNTRY_ALPHA", file.columns)
    remedy = f"Is it `{shortened(near)}`? " if near else ""
    raise BadData(Fault(file.name, message, f"{remedy}Name the columns: `--columns country=V2,sex=V223,age=V225`."))


def _lacking(file: Opened, name: str) -> Fault:
    near = suggest(name, file.columns) if len(file.columns) <= 1_000 else None
    remedy = f"Did you mean `{shortened(near)}`?" if near else f"The file has {len(file.columns):,} columns."
    return Fault(file.name, f"there is no column `{shortened(name)}`", remedy, None, shortened(name))


def there(file: Opened, names: Iterable[str]) -> None:
    """Raises BadData for columns that a file does not have."""
    lacking = tuple(_lacking(file, name) for name in names if name not in file.columns)
    if lacking:
        raise BadData(*lacking)


@dataclass(frozen=True, slots=True)
class Countries:
    """Names of countries by ISO 3166 codes of three letters, and those codes by number."""

    names: dict[str, str]
    letters: dict[str, str]


def countries() -> Countries:
    """Every country of a wave so far. Names are those of the populations of the standard library."""
    with (Path(__file__).parent / "countries.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Countries({row["alpha"]: row["name"] for row in rows}, {row["code"]: row["alpha"] for row in rows})
