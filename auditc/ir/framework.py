"""A framework of values: what a theory or a tradition lists, in every language it is worded in."""

from __future__ import annotations

from .values import Form


class Value(Form):
    """One value. `id` is the name a spec knows it by; `name` and `description` are texts by language."""

    id: str
    name: dict[str, str]
    description: dict[str, str]
    source: str


class Framework(Form):
    """The values in the order of their file; `digests` maps the file they came from to the sha256 of its bytes."""

    values: tuple[Value, ...]
    digests: dict[str, str]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that every value is named and described in, sorted."""
        return tuple(sorted(self.values[0].name))

    def value(self, id: str) -> Value:
        """The value of this identifier. Raises KeyError when there is none."""
        for value in self.values:
            if value.id == id:
                return value
        raise KeyError(id)
