"""The execution graph as text that other programs draw: Mermaid for pages on the web, DOT for Graphviz."""

from __future__ import annotations

from auditc.ir.plan import (
    Assess,
    Compare,
    Converse,
    Escalate,
    Judge,
    Measure,
    Plan,
    Predict,
    Render,
    Score,
    Stage,
    Train,
)
from auditc.ir.questions import questions


def cells(stage: Stage, plan: Plan) -> int:
    """How many questions a stage puts to its model; 0 for a stage that puts none."""
    if isinstance(stage, Score):
        sizes = {item.id: item.size for item in plan.surveys[stage.survey].items}
        orders = sum(min(stage.orders, sizes[item]) for item in stage.items)
        return len(stage.populations) * len(stage.conditions) * orders
    if isinstance(stage, Converse):
        return len(stage.populations) * stage.draws * len(questions(stage, plan.surveys[stage.survey]))
    if isinstance(stage, Predict):
        return len(stage.items)
    if isinstance(stage, Assess):
        if stage.picks:
            return sum(cells(plan.stage(name), plan) for name in stage.of)
        # About as many: who is drawn is decided by lot.
        drawn = sum(max(1, round(stage.sample * cells(plan.stage(name), plan))) for name in stage.of)
        return drawn * len(stage.questions) + len(stage.cases)
    if isinstance(stage, Escalate):
        # A bound: how long a path is, the model's choices decide.
        orders = 2 if stage.orders == "both" else 1
        return len(plan.scenarios[stage.scenarios].scenarios) * orders * stage.script.most
    return 0


def mermaid(plan: Plan) -> str:
    """A Mermaid flowchart of the stages, from the questions at the left to the reports at the right."""
    ids = {stage.name: f"s{number}" for number, stage in enumerate(plan.stages)}
    lines = ["flowchart LR"]
    for stage in plan.stages:
        opening, closing = _MERMAID_SHAPES.get(stage.kind, ("[", "]"))
        text = "<br/>".join(_plain(line) for line in lines_of(stage, plan))
        lines.append(f'  {ids[stage.name]}{opening}"{text}"{closing}')
    lines += [f"  {ids[need]} --> {ids[stage.name]}" for stage in plan.stages for need in stage.needs]
    return "\n".join(lines) + "\n"


def dot(plan: Plan) -> str:
    """The stages as a Graphviz digraph."""
    lines = ["digraph audit {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for stage in plan.stages:
        text = "\\n".join(_escaped(line) for line in lines_of(stage, plan))
        lines.append(f'  "{_escaped(stage.name)}" [shape={_DOT_SHAPES.get(stage.kind, "box")}, label="{text}"];')
    lines += [f'  "{_escaped(need)}" -> "{_escaped(stage.name)}";' for stage in plan.stages for need in stage.needs]
    return "\n".join([*lines, "}"]) + "\n"


# What asks a model is a box; other kinds of stages have shapes of their own.
_MERMAID_SHAPES = {
    "train": ("[[", "]]"),
    "measure": ("([", "])"),
    "judge": ("{{", "}}"),
    "compare": ("{{", "}}"),
    "render": ("[/", "/]"),
}

_DOT_SHAPES = {
    "train": "box3d",
    "measure": "ellipse",
    "judge": "hexagon",
    "compare": "hexagon",
    "render": "note",
}


def lines_of(stage: Stage, plan: Plan) -> tuple[str, str]:
    """What a node says, in two lines."""
    match stage:
        case Score() | Converse():
            return stage.name, f"{stage.kind} · {cells(stage, plan):,} cells"
        case Predict():
            return stage.name, f"{stage.kind} · {cells(stage, plan):,} texts"
        case Assess():
            about = "at most" if stage.picks else "about"
            return stage.name, f"{stage.kind} · {about} {cells(stage, plan):,} cells"
        case Escalate():
            return stage.name, f"{stage.kind} · at most {cells(stage, plan):,} cells"
        case Train():
            items = f" · {len(stage.items)} items" if stage.items else ""
            return stage.name, f"{stage.objective.kind}{items}"
        case Measure():
            return stage.name, stage.kind
        case Judge():
            return stage.name, stage.text
        case Compare():
            return stage.name, f"{stage.figure.measure} by {stage.by}"
        case Render():
            return stage.name, ", ".join(stage.formats)


def _plain(text: str) -> str:
    """Text that Mermaid takes in quotes."""
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
