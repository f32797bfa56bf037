"""What a template may do, and what it may not."""

from __future__ import annotations

import pytest

from auditc.runtime.prompts import LONGEST, Renderer, WordingRejected

VALUES = {
    "country": "China",
    "place": "",
    "question": "What & why?",
    "options": [{"label": "A", "text": "yes"}, {"label": "B", "text": "no"}],
    "count": 2,
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ country }}: {{ question }}", "China: What & why?"),
        ("{% if place %}in {{ place }}{% else %}anywhere{% endif %}", "anywhere"),
        ("{% for o in options %}{{ loop.index }}{{ o.label }}={{ o['text'] }};{% endfor %}", "1A=yes;2B=no;"),
        ("{{ options|length }} {{ country|upper }} {{ options[0].text }}", "2 CHINA yes"),
        ("a\n\nb\n", "a\n\nb"),
    ],
)
def test_holes_conditions_and_loops(template: str, text: str) -> None:
    assert Renderer().render(template, VALUES) == text


@pytest.mark.parametrize(
    "template",
    [
        "{{ nobody }}",
        "{{ question.upper() }}",
        "{{ question.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ options.append(1) }}",
        "{% set x = question ~ question %}",
        "{{ 'a' * 999999999 }}",
        "{{ 2 ** 99 }}",
        "{{ '%0999999999d' % count }}",
        "{{ 'x'|center(999999999) }}",
        "{{ question|attr('x') }}",
        "{% for c in question %}{% endfor %}",
        "{% for a in options %}{% for b in options %}{% for c in options %}{% endfor %}{% endfor %}{% endfor %}",
        "{% include 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{{ lipsum() }}",
        "{{ self }}",
        "{{ ",
        "(" * 5000,
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{% if 1 %}" * 200 + "{% endif %}" * 200,
        "{{ country + count }}",
    ],
)
def test_all_else_is_refused_with_a_message(template: str) -> None:
    if template == "(" * 5000:
        assert Renderer().render(template, VALUES) == template
        return
    with pytest.raises(WordingRejected, match="template"):
        Renderer().render(template, VALUES)


def test_a_text_cannot_grow_without_end() -> None:
    long = {**VALUES, "question": "x" * 1000, "options": [{"label": "A", "text": ""}] * 100}
    with pytest.raises(WordingRejected, match="longer"):
        Renderer().render("{% for a in options %}{% for b in options %}{{ question }}{% endfor %}{% endfor %}", long)
    with pytest.raises(WordingRejected, match="longer"):
        Renderer().render("x" * (LONGEST + 1), VALUES)


def test_nothing_is_escaped_and_nothing_is_kept_between_renderers() -> None:
    one, other = Renderer(), Renderer()
    one.render("{{ question }}", VALUES)
    assert one._templates and not other._templates
    assert one.render("<{{ question }}>", VALUES) == "<What & why?>"


@pytest.mark.parametrize(
    ("template", "changed", "text"),
    [
        ("{{ country }}: {{ question }}", {"question": "\ue000?"}, "China: \ue000?"),
        ("{{ question }}{{ options[1].text }}", {"options": [{"text": "a"}, {"text": "\ue000"}]}, "What & why?\ue000"),
        ("{% if place %}{% endif %}{{ place }}{{ country }}", {"place": "\ue000"}, "\ue000China"),
        ("{{ country }}{{ '\\ue000' }}", {}, "China\ue000"),
        ("{{ country }}\ue000", {}, "China\ue000"),
        ("{{ country }}", {"country": "\ue001"}, "\ue001"),
    ],
)
def test_no_character_of_a_text_is_taken_for_a_variable(template: str, changed: dict[str, object], text: str) -> None:
    """Texts of Chinese fonts hold characters for private use, such as those that mark where a country stands."""
    assert Renderer().render(template, {**VALUES, **changed}) == text
