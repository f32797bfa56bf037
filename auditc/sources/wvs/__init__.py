"""World Values Survey: files with one row for each respondent, as CSV with codes, SPSS (`.sav`) or Stata (`.dta`).

Wave 7, the time series, waves 5 and 6 are known by their columns; for others name the columns, `--columns
country=V2,sex=V223,age=V225`. Negative codes are no answers, nor are empty cells, codes that an SPSS file declares
missing and codes labelled `Don't know` and the like; all are counted. Shares are told apart by country, sex and age
(under 30, 30-49, 50 and over); `X003R`, with six groups, cannot be: its second group is 25 to 34. Groups of fewer than
`--min-n` persons are left out. With `--weight`, shares are weighted, and n is still the number of persons.

The questions' words are not in the data. A codebook of yours has them: the columns `id`, `scale`, `dimension`, and for
each language `text.en` and `options.en`; also `codes`, `1|2|3|4`, where options and codes are not in the same order or
number. Without one the columns are left empty for you to fill; labels of SPSS and Stata files serve as English options.
SPSS and Stata files need the extra `data`: `pip install "auditc[data]"`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from annotated_types import Ge

from auditc.ir.values import Form
from auditc.sources._contract import DataSource, Imported

LICENCE: Final = (
    "Non-profit use after registration, and the files may not be passed on, as its publisher says: read the terms at "
    "https://www.worldvaluessurvey.org."
)


class Params(Form):
    """What is taken of the files, and how."""

    items: tuple[str, ...] = ()
    """Only these items, by the names of their columns: `Q1`; of a codebook, only these of its rows."""
    codebook: str = ""
    """A CSV file with the items in your words; see above."""
    languages: tuple[str, ...] = ("en",)
    """Languages whose empty columns are laid out for you, without a codebook."""
    countries: tuple[str, ...] = ()
    """Only these countries, by name or by the code of three letters: `CHN`."""
    wave: Annotated[int, Ge(1)] | None = None
    """Only respondents of this wave; needed where a file has several."""
    by: tuple[Literal["sex", "age", "country"], ...] | None = None
    """What shares are told apart by beside the country; `country` alone for nothing else. Left out: sex and age, where
    the file has them."""
    weight: str = ""
    """The column of weights, such as `W_WEIGHT`; without it everybody counts the same."""
    min_n: Annotated[int, Ge(1)] = 10
    """Groups of fewer persons are left out, and counted."""
    columns: tuple[str, ...] = ()
    """Names of columns that differ from their wave's: `country=V2`, `wave=`, `sex=`, `age=` (years), `ages=` (the
    groups 1, 2 and 3), `interview=`; `sex=-` says that there is none."""


def read(files: tuple[Path, ...], params: Params) -> Imported:
    """Items and shares of all respondents of all files."""
    from ._read import imported  # numpy stays out of what only lists the shelf

    return imported(files, params)


def also(params: Params) -> tuple[Path, ...]:
    """The codebook."""
    return (Path(params.codebook),) if params.codebook else ()


wvs = DataSource(
    title="World Values Survey, respondents' files",
    params=Params,
    endings=(".csv", ".sav", ".zsav", ".dta"),
    licence=LICENCE,
    cite="Haerpfer et al. (eds.) (2022), World Values Survey: Round Seven, JD Systems Institute & WVSA Secretariat, "
    "doi:10.14281/18241.20 (wave 7; cite the file you used)",
    read=read,
    also=also,
)
