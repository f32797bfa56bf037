"""Files that import files: names, circles, what is missing, and what a name in the plan does not depend on."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

from auditc.compiler.pipeline import check_spec, compile_spec
from auditc.diagnostics import Diagnostic, Sink, SpecRejected
from auditc.ir.plan import Plan
from tests.compiler.fragments import completed, lay

US = 'population us { country = "United States"  language = en }\n'


def said(folder: Path, spec: str, files: dict[str, str] | None = None) -> list[Diagnostic]:
    sink = Sink()
    with contextlib.suppress(SpecRejected):
        check_spec(lay(folder, completed(spec), files), sink)
    return [d for d in sink.sorted() if d.code not in ("AC415", "AC435", "AC436")]


def plan(folder: Path, spec: str, files: dict[str, str]) -> Plan:
    return compile_spec(lay(folder, completed(spec), files), Sink()).plan


def asking(population: str, *imports: str) -> str:
    block = f"first_token asked {{ ask = values  of = [sim]  as = [{population}]  jsd {{ }} }}\n"
    return "\n".join([*imports, block])


def test_an_imported_block_is_known_by_its_alias(tmp_path: Path) -> None:
    made = plan(tmp_path, asking("a.us", 'import "a.audit" as a'), {"a.audit": US})
    assert "a.us" in made.populations


def test_a_file_reached_twice_is_one_file_named_by_the_shortest_way(tmp_path: Path) -> None:
    files = {"a.audit": 'import "b.audit" as b\n', "b.audit": US}
    imports = ('import "a.audit" as a', 'import "b.audit" as direct')
    first = plan(tmp_path / "1", asking("direct.us", *imports), files)
    second = plan(tmp_path / "2", asking("direct.us", *reversed(imports)), files)
    assert "direct.us" in first.populations
    assert first.digest == second.digest


def test_a_model_in_a_library_may_answer_from_its_survey(tmp_path: Path) -> None:
    library = 'model sim { backend = simulated { like = w.wave } }\nimport "w.audit" as w\n'
    wave = 'survey wave { items = csv("items.csv")  reference = csv("shares.csv", by = [country, sex, age]) }\n'
    spec = 'import "m.audit" as m\nfirst_token asked { ask = values  of = [m.sim]  as = [us]  jsd { } }\n'
    made = plan(tmp_path, spec, {"m.audit": library, "w.audit": wave})
    assert made.models["m.sim"].like == "m.w.wave"
    assert "m.w.wave" in made.surveys


def test_a_missing_file_is_said_once_and_its_names_not_at_all(tmp_path: Path) -> None:
    found = said(tmp_path, asking("a.us", 'import "a.audit" as a'))
    assert [d.code for d in found] == ["AC010"]


def test_a_name_that_the_file_lacks_is_said(tmp_path: Path) -> None:
    found = said(tmp_path, asking("a.uk", 'import "a.audit" as a'), {"a.audit": US})
    assert [(d.code, d.help) for d in found] == [("AC208", "Did you mean `us`?")]


def test_names_of_an_import_of_an_import_are_out_of_reach(tmp_path: Path) -> None:
    files = {"a.audit": 'import "b.audit" as b\n', "b.audit": US}
    found = said(tmp_path, asking("a.b.us", 'import "a.audit" as a'), files)
    assert [d.code for d in found] == ["AC015"]


def test_a_circle_of_two_is_said_where_it_closes(tmp_path: Path) -> None:
    files = {"a.audit": 'import "b.audit" as b\n' + US, "b.audit": 'import "a.audit" as a\n'}
    [found] = said(tmp_path, asking("a.us", 'import "a.audit" as a'), files)
    assert (found.code, found.primary.span.source.name) == ("AC013", "b.audit")
    assert found.primary.text == "a.audit → b.audit → a.audit"


def test_a_mistake_in_an_imported_file_is_shown_there(tmp_path: Path) -> None:
    files = {"a.audit": 'population us { country = "United States"  langage = en }\n'}
    found = said(tmp_path, asking("a.us", 'import "a.audit" as a'), files)
    assert [(d.code, d.primary.span.source.name, d.primary.span.line) for d in found] == [
        ("AC207", "a.audit", 1),
        ("AC205", "a.audit", 1),
    ]


def test_one_alias_for_two_files(tmp_path: Path) -> None:
    imports = ('import "a.audit" as a', 'import "b.audit" as a')
    found = said(tmp_path, asking("a.us", *imports), {"a.audit": US, "b.audit": US})
    assert [(d.code, d.primary.span.line) for d in found] == [("AC202", 2)]


def test_absolute_paths_and_ways_out_are_refused(tmp_path: Path) -> None:
    for way in ("/etc/passwd", "../x.audit", "a/../../x.audit", "C:/x.audit", "a\\\\b.audit"):
        found = said(tmp_path, asking("us", f'import "{way}" as a'))
        assert [d.code for d in found] == ["AC011"], way


def test_a_spec_that_is_not_there(tmp_path: Path) -> None:
    sink = Sink()
    with contextlib.suppress(SpecRejected):
        check_spec(tmp_path / "none.audit", sink)
    assert [(d.code, d.primary.span.source.name) for d in sink.sorted()] == [("AC010", "none.audit")]


def test_checking_draws_no_graph(tmp_path: Path) -> None:
    path = lay(tmp_path, completed(""))
    program = (
        "import sys; from pathlib import Path; from auditc.compiler.pipeline import check_spec;"
        "from auditc.diagnostics import Sink; check_spec(Path(sys.argv[1]), Sink());"
        "sys.exit(any(name in sys.modules for name in ('networkx', 'torch', 'scipy', 'pyarrow')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], check=False, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert done.returncode == 0
