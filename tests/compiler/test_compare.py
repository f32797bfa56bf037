"""What `diff` says of two audits: prepared pairs, and that no field of a plan is without a consequence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditc.compiler.compare import Comparison, coherent, compare
from auditc.compiler.compare.consequences import DERIVED, RULES, UNKNOWN, WITHIN, Effect, rules_of, table
from auditc.compiler.compare.places import Places
from auditc.compiler.pipeline import as_bytes, compile_spec
from auditc.diagnostics import Sink
from auditc.ir import case, framework, lists, script, values
from auditc.ir import plan as forms
from auditc.ir.plan import Model, Plan, Population
from tests.compiler.fragments import SETTING, completed, lay
from tests.compiler.pairs_of import PAIRS, compared, content, laid, outcome, written
from tests.compiler.test_plans import everything

NOWHERE = Places()


def compared_plans(before: Plan, after: Plan) -> Comparison:
    return compare(before, NOWHERE, after, NOWHERE)


MODULES = (forms, script, case, lists, values, framework)
"""Where the forms of a plan are."""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return compile_spec(everything(tmp_path_factory.mktemp("everything")), Sink()).plan


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.stem for pair in PAIRS])
def test_golden_of_a_prepared_pair(pair: Path, tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    found = compared(pair, tmp_path)
    golden(pair, written(pair, found))
    assert outcome(found) == content(pair)["expected"]


def test_the_pairs_are_as_the_document_promises(root: Path) -> None:
    text = (root / "docs" / "comparability.md").read_text(encoding="utf-8")
    promised = re.findall(r"^\| (\d\d)[^|]*\| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    known = [(pair.stem[:2], content(pair)["says"], content(pair)["expected"]["verdict"]) for pair in PAIRS]
    assert len(promised) >= 10 and promised == known


def test_the_documents_table_is_the_programs(root: Path) -> None:
    text = (root / "docs" / "comparability.md").read_text(encoding="utf-8")
    assert "\n".join(table()) in text


def test_every_field_of_every_form_has_a_consequence() -> None:
    known = {"Plan": forms.Plan}
    for name in Plan.model_json_schema()["$defs"]:
        known[name] = next(getattr(module, name) for module in MODULES if hasattr(module, name))
    for name, form in known.items():
        missing = [field for field in form.model_fields if rules_of(form, field) is UNKNOWN]
        assert name in WITHIN or not missing, f"{name}: what follows when {missing} change? Say it in RULES"
    for key in RULES:
        name, _, field = key.partition(".")
        form = next(getattr(module, name) for module in MODULES if hasattr(module, name))
        assert field in form.model_fields, key


def test_a_field_without_a_rule_is_shown_and_not_comparable(plan: Plan) -> None:
    class Rated(Model):
        rating: float = 0.0

    def rated(rating: float) -> Plan:
        model = Rated(**dict(plan.models["sharpened"]), rating=rating)
        return plan.model_copy(update={"models": {**plan.models, "sharpened": model}})

    found = compared_plans(rated(1.0), rated(2.0))
    assert [(c.section, c.name, c.key, c.consequence) for c in found.changes] == [
        ("model", "sharpened", "rating", Effect.NOT)
    ]
    assert {f.verdict for f in found.figures if f.block == "opinions"} == {"not comparable"}
    assert {f.verdict for f in found.figures if f.block == "citizens"} == {"comparable"}


SILENT = re.compile(
    r"^(format|(surveys|frameworks)/[^/]+/digests/.*|scenarios/[^/]+/digest|.*/origin/.*|models/[^/]+/like"
    r"|stages/\d+/(params|objective/params)/[^/]+/(path|digest)"
    r"|stages/\d+/asks/(?!wording|labels|orders).*"
    r"|stages/\d+/(name|needs/\d+|block|kind|claim|text|metric|method))$"
)
"""What is derived or a name: places, paths, digests, and what a stage repeats."""


ALIKE = re.compile(r"/(\d+|Q\d|queue|wallet)(?=/|$)|(/left|/right|/of)+(?=/)")
"""One of many of a kind, of which one is tried: places in a list, items, scenarios, parts of a claim."""


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, str(key)))
    else:
        yield path


def altered(plan: Plan, path: tuple[str, ...]) -> Plan | None:
    """The plan with one value changed; None where that makes no plan."""
    whole = plan.model_dump(mode="json")
    at: Any = whole
    for key in path[:-1]:
        at = at[int(key)] if isinstance(at, list) else at[key]
    key: Any = int(path[-1]) if isinstance(at, list) else path[-1]
    old = at[key]
    if isinstance(old, bool):
        at[key] = not old
    elif isinstance(old, int | float):
        at[key] = old + 1
    elif isinstance(old, str):
        words = {"letters": "numbers", "holm": "none", "fixed": "shuffled", "shuffled": "fixed", "ordinal": "nominal"}
        words |= {"nominal": "ordinal", "interval": "nominal", "items like these": "these items", ">": ">="}
        words |= {"these items": "items like these", "<": "<=", ">=": ">", "<=": "<", "-": "+", "/": "*"}
        at[key] = words.get(old, old + "x")
    else:
        return None
    try:
        made = Plan.model_validate(whole)
    except ValueError:
        return None
    return made if coherent(made) else None


def test_whatever_changes_in_a_plan_is_told(plan: Plan) -> None:
    seen: set[str] = set()
    tried = 0
    for path in leaves(plan.model_dump(mode="json")):
        where = "/".join(path)
        kind = plan.stages[int(path[1])].kind if path[0] == "stages" else ""
        shape = kind + ALIKE.sub("/*", "/".join((path[0], *path[2:])))
        if SILENT.match(where) or shape in seen:
            continue
        seen.add(shape)
        changed = altered(plan, path)
        if changed is None:
            continue
        tried += 1
        found = compared_plans(plan, changed)
        assert found.changes, where
        assert all(change.reason for change in found.changes)
    assert tried > 90


def test_a_renamed_item_is_a_renamed_item(plan: Plan) -> None:
    text = plan.model_dump_json().replace('"Q4"', '"Q44"')
    found = compared_plans(plan, Plan.model_validate_json(text))
    assert [(c.section, c.name, c.was, c.kind) for c in found.changes] == [
        ("item", f"{survey}.Q44", f"{survey}.Q4", "renamed") for survey in ("people.wave", "values")
    ]
    assert found.verdict == "comparable"


def test_a_spec_and_its_plan_are_one_audit_and_a_spec_knows_its_places(tmp_path: Path) -> None:
    from auditc.api.comparisons import compare as compare_files

    before, after = laid(next(p for p in PAIRS if "reworded" in p.stem), tmp_path)
    plan = tmp_path / "old.plan.json"
    plan.write_bytes(as_bytes(compile_spec(before, Sink()).plan))
    assert not compare_files(before, plan).changes
    (change,) = compare_files(plan, after).changes
    assert change.origin_before is None
    assert change.origin_after is not None and (change.origin_after.file, change.origin_after.line) == ("items.csv", 5)


def test_what_another_survey_says_of_a_country_touches_only_it(plan: Plan) -> None:
    people = plan.populations["us"]
    other = plan.model_copy(
        update={"populations": {**plan.populations, "us": Population(**{**dict(people), "country": "Elsewhere"})}}
    )
    for figure in compared_plans(plan, other).figures:
        if figure.metric == "culture_map":  # where a people lies depends on who else is on the map
            assert set(figure.populations.values()) == {"not comparable"}
            continue
        assert {name: verdict for name, verdict in figure.populations.items() if name.startswith("people.cn")} == {
            name: "comparable" for name in figure.populations if name.startswith("people.cn")
        }


def test_an_item_that_moved_to_another_dimension_takes_the_verdict_on_it(plan: Plan) -> None:
    whole = plan.model_dump(mode="json")
    judge = next(stage for stage in whole["stages"] if stage.get("claim") == "average")
    judge["holds"]["left"]["of"] |= {"measure": "citizens.answer_rate", "at": {"dimension": "tradition"}}
    before = Plan.model_validate(whole)
    asked = next(stage for stage in whole["stages"] if stage["name"] == "citizens/answering_as_people")["items"]
    moved = next(i for i in whole["surveys"]["values"]["items"] if i["id"] in asked and i["dimension"] == "tradition")
    moved["dimension"] = "fairness"
    found = {claim.claim: claim for claim in compared_plans(before, Plan.model_validate(whole)).claims}
    assert "it was decided over other items" in found["average"].reasons
    assert found["average"].verdict == "not comparable"


GROUPED = """
def_survey talks { ask = values  of = [sim]  as = [us]  draws = 50  diversity { } %s }
"""


def grouped(folder: Path, metric: str, shares: tuple[str, str] = ("", "")) -> Plan:
    """The plan of a block with one more metric, over shares of which some rows read otherwise."""
    rows = (SETTING / "shares.csv").read_text(encoding="utf-8")
    files = {"shares.csv": rows.replace(*shares) if shares[0] else rows}
    return compile_spec(lay(folder, completed(GROUPED % metric), files), Sink()).plan


def test_a_plan_has_the_groups_that_a_metric_tells_apart_and_no_others(tmp_path: Path) -> None:
    plain = grouped(tmp_path / "plain", "")
    assert b'"groups": {\n' not in as_bytes(plain) and plain.surveys["values"].groups == {}
    by_age = ("Q1,United States,male,,", "Q1,United States,,young,100,counted,0.3|0.5|0.2\nQ1,United States,male,,")
    found = grouped(tmp_path / "sexes", "preference_bias { by = [sex] }", by_age).surveys["values"].groups
    assert {country: [group.of for group in groups] for country, groups in found.items()} == {
        "United States": [{"sex": "female"}, {"sex": "male"}]
    }
    assert found["United States"][0].people["Q4"].shares == (0.6, 0.4)


def test_a_metric_of_groups_more_takes_nothing_from_the_others(tmp_path: Path) -> None:
    found = compared_plans(grouped(tmp_path / "a", ""), grouped(tmp_path / "b", "preference_bias { by = [sex] }"))
    assert [(c.section, c.name, c.kind) for c in found.changes] == [("metric", "talks.preference_bias", "added")]
    assert found.verdict == "comparable"


def test_groups_that_are_gone_and_groups_that_no_metric_tells_apart(tmp_path: Path) -> None:
    metric = "preference_bias { by = [sex] }"
    first = grouped(tmp_path / "first", metric)
    other = grouped(tmp_path / "other", metric, (",female,", ",other,"))
    verdicts = {figure.metric: figure.verdict for figure in compared_plans(first, other).figures}
    assert (verdicts["preference_bias"], verdicts["diversity"], verdicts["jsd"]) == (
        "not comparable",
        "comparable",
        "comparable",
    )
    young = ("Q1,United States,male,,", "Q1,United States,,young,100,counted,0.3|0.5|0.2\nQ1,United States,male,,")
    assert not compared_plans(first, grouped(tmp_path / "young", metric, young)).changes


def test_a_plan_whose_judge_is_nowhere_does_not_hold_together(plan: Plan) -> None:
    whole = plan.model_dump(mode="json")
    stage = next(stage for stage in whole["stages"] if stage.get("metric") == "insensitivity")
    stage["params"]["judge"] = "nobody"
    assert coherent(plan) and not coherent(Plan.model_validate(whole))


def test_columns_that_are_no_names_end_no_comparison(tmp_path: Path) -> None:
    whole = grouped(tmp_path, "preference_bias { by = [sex] }").model_dump(mode="json")
    before = Plan.model_validate(whole)
    stage = next(stage for stage in whole["stages"] if stage.get("metric") == "preference_bias")
    stage["params"]["by"] = [["sex"], 3]
    whole["surveys"]["values"]["groups"] = {}
    found = compared_plans(before, Plan.model_validate(whole))
    verdicts = {figure.metric: figure.verdict for figure in found.figures}
    assert (verdicts["preference_bias"], verdicts["diversity"]) == ("not comparable", "comparable")


def test_every_change_of_the_contract_has_all_its_keys(tmp_path: Path) -> None:
    found = compared(next(p for p in PAIRS if "renamed" in p.stem), tmp_path).as_dict()
    again = json.loads(json.dumps(found, allow_nan=False))
    assert set(again) == {"verdict", "changes", "figures", "claims", "only_before", "only_after"}
    keys = {"section", "name", "was", "key", "kind", "before", "after", "origin_before", "origin_after"}
    assert all(set(change) == {*keys, "consequence", "reason"} for change in again["changes"])
    assert DERIVED == ()
