"""The report's fixed words: the same keys and fields in each language, none missing, none left over."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import auditc.reports.html as package
from auditc.evidence.conclude import conclude
from auditc.ir.plan import Condition
from auditc.reports.html.words import LANGUAGES, words
from tests.evidence import audits
from tests.reports.material import material

COMPUTED = (
    "said date metric method dimension glossary limit condition language count summary claim table card setting labels "
    "order scale missing probe line better verdict correct estimand axis unit alert trainings trained"
)
"""Groups of words whose keys are put together from names."""
FOLDER = Path(package.__file__).parent


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def keys(language: str) -> set[str]:
    return {key for key in words(language).table if not key.endswith(".one")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_all_words_with_the_same_fields(language: str) -> None:
    own, english, known = words(language).table, words("en").table, keys(language)
    assert known == keys("en")
    for key in known:
        assert fields(own[key]) == fields(english[key]), key
    for key in set(own) - known:
        assert key.removesuffix(".one") in known


def test_values_of_axes_come_in_the_same_order_in_each_language() -> None:
    """The order of the words is the order of the figures."""
    own = {c: [key for key in words(c).table if key.startswith("axis.")] for c in LANGUAGES}
    assert all(keys == own["en"] for keys in own.values())


def test_every_key_that_is_asked_for_exists() -> None:
    sources = [*FOLDER.glob("*.py"), *FOLDER.glob("templates/*.html")]
    call = re.compile(r"\b(?:t|words)\(\s*['\"]([a-z_.]+)['\"]\s*[,)]")
    asked = {key for path in sources for key in call.findall(path.read_text("utf-8"))}
    assert len(asked) > 100
    assert not asked - set(words("en").table)


def test_no_key_is_left_over() -> None:
    text = "".join(p.read_text("utf-8") for p in [*FOLDER.rglob("*.py"), *FOLDER.glob("templates/*.html")])
    computed = tuple(f"{group}." for group in COMPUTED.split())
    assert not [key for key in keys("en") if not key.startswith(computed) and key not in text]


def test_a_missing_word_is_an_error() -> None:
    with pytest.raises(KeyError):
        words("en")("no.such.word")
    with pytest.raises(KeyError):
        words("fr")


def test_sentences_of_the_evidence_are_known() -> None:
    chinese = words("zh")
    for f in material(small=False).findings.findings:
        for text in (*f.notes, f.procedure, *([f.floor.procedure] if f.floor else [])):
            assert chinese.said(text)[1] == "zh-CN", text
    assert chinese.said("undecided: the interval reaches to both sides") == ("未定：区间跨越两侧", "zh-CN")
    probed = "probed: 3 of 40 answers of qwen were read otherwise the second time"
    assert chinese.said(probed) == ("复测：qwen 的 40 个回答中有 3 个第二次读法不同", "zh-CN")
    assert chinese.said("a sentence of tomorrow") == ("a sentence of tomorrow", "en")


def test_what_the_evidence_says_of_an_audit_is_known_in_chinese() -> None:
    plan, answers = audits.example()
    findings, _ = conclude(plan, answers, models=tuple(audits.row(name) for name in plan.models))
    chinese = words("zh")
    said = {
        text for f in findings.findings for text in (*f.notes, f.procedure, f.floor.procedure if f.floor else "none")
    }
    assert {text for text in said if chinese.said(text)[1] == "en"} == set()


@pytest.mark.parametrize("metric", ["culture_map", "kl_def2025"])
@pytest.mark.parametrize("dimensions", [2, 4])
def test_what_is_said_of_maps_and_variants_is_known_in_chinese(metric: str, dimensions: int) -> None:
    items = audits.items(24, dimensions, nominal=0)
    survey = audits.survey((items[0].model_copy(update={"direction": "none"}), *items[1:]))
    shares = {item.id: [1.0, *[0.0] * (item.size - 1)] if int(item.id[1:]) % 3 else None for item in items}
    stages = [audits.score_stage(model, tuple(shares), conditions=(Condition(),)) for model in "ab"]
    given = [audits.exact(stage, survey, p, "asked", shares) for stage in stages for p in audits.COUNTRIES]
    asked = (*stages, audits.measure_stage("opinions", metric, tuple(stage.name for stage in stages)))
    found, _ = conclude(audits.plan(survey, asked), tuple(given), models=tuple(map(audits.row, "ab")))
    said = {text for f in found.findings for text in (*f.notes, f.procedure)}
    said |= {text for m in found.maps for text in (*m.notes, m.procedure, *(n for p in m.places for n in p.notes))}
    assert len(said) > 3
    chinese = words("zh")
    assert {text for text in said if chinese.said(text)[1] == "en"} == set()


def test_dates_lists_and_counts() -> None:
    english, chinese = words("en"), words("zh")
    assert english.date("2026-11-21T09:30:00+00:00") == "21 November 2026"
    assert chinese.date("2026-11-21T09:30:00+00:00") == "2026年11月21日"
    assert english.date("some day") == "some day"
    assert english.listed([]) == "" and english.listed(["a"]) == "a" and english.listed(["a", "b", "c"]) == "a, b and c"
    assert english("count.items", n=1) == "one item" and english("count.items", n=1234) == "1,234 items"


def test_no_two_sentences_of_the_evidence_have_one_pattern() -> None:
    """The first that fits is taken: the other would never be said."""
    patterns = [pattern.pattern for _, pattern in words("en").sayings]
    alike = [re.sub(r"\(\?P<\w+>", "(", pattern) for pattern in patterns]
    assert sorted({one for one in alike if alike.count(one) > 1}) == []
