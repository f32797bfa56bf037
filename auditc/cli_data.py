"""The commands of `auditc data`: arguments in, text out; no decisions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from auditc.api import data

app = typer.Typer(help="Import human data.", no_args_is_help=True, rich_markup_mode=None)


@app.command("import")
def data_import(
    kind: Annotated[str, typer.Argument(help="`wvs`, `goqa`, `moralchoice` or `mmd`.")],
    files: Annotated[list[Path], typer.Argument(help="The files as they were published.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The folder that is written; named after the kind.")
    ] = None,
    items: Annotated[str | None, typer.Option(help="Only these items: `Q1,Q2`.")] = None,
    codebook: Annotated[str | None, typer.Option(help="A CSV file with the items in your words.")] = None,
    languages: Annotated[str | None, typer.Option(help="Languages to lay out empty columns for: `en,zh`.")] = None,
    countries: Annotated[str | None, typer.Option(help="Only these countries: `China,Japan`.")] = None,
    wave: Annotated[int | None, typer.Option(help="Only this wave.")] = None,
    by: Annotated[str | None, typer.Option(help="What tells groups apart: `sex,age`, or `country` alone.")] = None,
    weight: Annotated[str | None, typer.Option(help="The column of weights.")] = None,
    min_n: Annotated[int | None, typer.Option(help="Groups of fewer persons are left out; 10.")] = None,
    columns: Annotated[str | None, typer.Option(help="Columns that are called otherwise: `sex=V240,age=V242`.")] = None,
    nominal_n: Annotated[int | None, typer.Option(help="What stands for an unpublished number of persons.")] = None,
    keep_flagged: Annotated[bool, typer.Option("--keep-flagged", help="Keep shares that are doubtful.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over files that were changed or are not ours.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Turn human data, as it is published, into files that a spec names, and print the block that names them."""
    lists = {"items": items, "languages": languages, "countries": countries, "by": by, "columns": columns}
    given: dict[str, Any] = {name: tuple(_parts(said)) for name, said in lists.items() if said is not None}
    single = {"codebook": codebook, "wave": wave, "weight": weight, "min_n": min_n, "nominal_n": nominal_n}
    given |= {name: value for name, value in single.items() if value is not None}
    done = data.import_data(kind, files, output, given | ({"keep_flagged": True} if keep_flagged else {}), force)
    if as_json:
        print(json.dumps(done.summary(), ensure_ascii=False), flush=True)
        return
    for line in done.lines():
        print(line)


def _parts(said: str) -> list[str]:
    return [part.strip() for part in said.split(",") if part.strip()]
