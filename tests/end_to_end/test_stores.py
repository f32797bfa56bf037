"""What a user meets when something is the matter with the store: each ends with a remedy, and the remedy works."""

from __future__ import annotations

import csv
from pathlib import Path

from auditc.runtime import journal
from auditc.runtime.segment import content_digest, from_bytes, to_bytes

from .conftest import Shell


def as_first_form(store: Path) -> None:
    """Write a store again as the first form of it was: without who answered and when."""
    entries = []
    for number, path in enumerate(sorted((store / "batches").iterdir()), 1):
        rows = from_bytes(path.read_bytes(), everything=True).drop_columns(["reported", "at"])
        data = to_bytes(rows)
        entries.append(
            journal.Entry(f"{number:08d}.{content_digest(data)}.parquet", content_digest(data), rows.num_rows)
        )
        path.unlink()
        (store / "batches" / entries[-1].name).write_bytes(data)
    (store / "manifest").write_bytes(journal.lines(entries, "")[0])
    (store / "version").write_text("auditc.store.v1\n")


def test_a_store_of_an_older_form_goes_on_and_one_of_a_newer_is_refused(starter: Shell) -> None:
    assert starter.auditc("run", "-q").code == 0
    findings, store = starter.findings(), starter.folder / ".auditc/store"
    starter.auditc("export", "-o", "answers.csv")
    with (starter.folder / "answers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert all(row["at"].startswith("20") and row["at"].endswith("+00:00") and not row["reported"] for row in rows)
    as_first_form(store)
    shown = starter.auditc("show", "last", rows[0]["key"], "--json").json
    assert shown["at"] == shown["reported"] == ""
    again = starter.auditc("run", "--json").json["cells"]
    assert again["asked"] == 0 and again["reused"] == 2592 and starter.findings() == findings
    assert (store / "version").read_text() == "auditc.store.v2\n"
    (store / "version").write_text("auditc.store.v77\n")
    for command in (["run", "-q"], ["show", "last", rows[0]["key"]]):
        refused = starter.auditc(*command)
        assert refused.code == 3 and "v77" in refused.err and "a newer one" in refused.err
