"""The execution graph as a picture: SVG in columns, each stage to the right of all that it needs; no script in it."""

from __future__ import annotations

import unicodedata
from html import escape

import networkx as nx

from auditc.ir.plan import Plan, Stage

from .explain import lines_of

WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 270, 44, 70, 16, 16
"""Of a box, the gaps beside and below it, and the margin; in pixels."""

LONGEST = 40
"""Columns of text that fit into a box; a Chinese character takes two."""

FILLS = {
    "score": "#e8f0fb",
    "converse": "#e8f0fb",
    "assess": "#e8f0fb",
    "escalate": "#e8f0fb",
    "train": "#fdeee0",
    "measure": "#eef7ec",
    "judge": "#fbf3d9",
    "compare": "#fbf3d9",
    "render": "#f2f2f2",
}


def svg(plan: Plan) -> str:
    """The stages of a plan with an arrow from each to those that need it."""
    graph = plan.graph()
    columns = _columns(graph)
    places = {
        name: (MARGIN + column * (WIDTH + ACROSS), MARGIN + row * (HEIGHT + DOWN))
        for column, names in enumerate(columns)
        for row, name in enumerate(names)
    }
    width = 2 * MARGIN + len(columns) * WIDTH + (len(columns) - 1) * ACROSS
    height = 2 * MARGIN + max((len(names) for names in columns), default=0) * (HEIGHT + DOWN) - DOWN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="12" role="img" aria-label="{escape(_shown(plan.name))}">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#777"/></marker></defs>',
    ]
    parts += [_arrow(places[need], places[stage.name]) for stage in plan.stages for need in stage.needs]
    parts += [_box(stage, plan, *places[stage.name]) for stage in plan.stages]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _columns(graph: nx.DiGraph[str]) -> list[list[str]]:
    """The stages in columns; in each, stages stand where those that they need stand, so that few arrows cross."""
    columns: list[list[str]] = []
    row: dict[str, float] = {}
    for names in nx.topological_generations(graph):
        ordered = sorted(names, key=lambda name: (_middle(graph, name, row), name))
        row |= {name: float(index) for index, name in enumerate(ordered)}
        columns.append(ordered)
    return columns


def _middle(graph: nx.DiGraph[str], name: str, row: dict[str, float]) -> float:
    needed = [row[need] for need in graph.predecessors(name)]
    return sum(needed) / len(needed) if needed else 0.0


def _box(stage: Stage, plan: Plan, x: int, y: int) -> str:
    title, said = lines_of(stage, plan)
    return (
        f"<g><title>{escape(_shown(f'{title}: {said}'))}</title>"
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{FILLS[stage.kind]}" stroke="#999"/>'
        f'<text x="{x + 10}" y="{y + 18}" font-weight="bold">{escape(_cut(title))}</text>'
        f'<text x="{x + 10}" y="{y + 35}" fill="#444">{escape(_cut(said))}</text></g>'
    )


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y, to_x, to_y = start[0] + WIDTH, start[1] + HEIGHT // 2, end[0], end[1] + HEIGHT // 2
    bend = ACROSS // 2
    return (
        f'<path d="M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}" fill="none" stroke="#777" '
        'marker-end="url(#tip)"/>'
    )


def _shown(text: str) -> str:
    """Text without what XML cannot hold."""
    return "".join(character for character in text if character.isprintable())


def _cut(text: str) -> str:
    """Text that fits into a box."""
    kept, columns = "", 0
    for character in _shown(text):
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if columns > LONGEST:
            return kept + "…"
        kept += character
    return kept
