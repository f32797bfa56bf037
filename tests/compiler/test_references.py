"""Files of human shares: one mistake is said once."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditc.compiler.pipeline import check_spec
from auditc.diagnostics import Sink
from auditc.diagnostics.diagnostic import SpecRejected

SHARES = "item,country,sex,n,shares\n" + "".join(
    f"{item},United States,{sex},900,0.5|0.5\n" for item in ("q1", "q2") for sex in ("", "female", "male")
)
ITEMS = "id,scale,text.en,options.en\nq1,nominal,One?,Yes|No\nq2,nominal,Two?,Yes|No\n"
SPEC = """
audit a { title = "A"  version = "1"  seed = 1 }
survey values { items = csv("items.csv")  reference = csv("shares.csv", by = [country]) }
"""


def test_a_column_that_nothing_reads_is_said_once_and_not_row_by_row(tmp_path: Path) -> None:
    for name, text in (("items.csv", ITEMS), ("shares.csv", SHARES), ("a.audit", SPEC)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    sink = Sink()
    with pytest.raises(SpecRejected):
        check_spec(tmp_path / "a.audit", sink)
    codes = [one.code for one in sink.sorted()]
    assert codes.count("AC023") == 1 and "AC041" not in codes
