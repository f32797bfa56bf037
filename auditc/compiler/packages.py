"""Packages of specs: folders of specs and data files that are known by a name and an exact version.

`cultures@2026.1/asia.audit` is the file `asia.audit` of the folder `packages/cultures-2026.1/` in the workspace or,
where that is not there, of `library/cultures-2026.1/` in auditc itself. Nothing is ever fetched. A file of a package is
called `cultures@2026.1/asia.audit` wherever the package lies, so that no plan depends on where auditc is installed.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from auditc.diagnostics import Label, Sink, Span
from auditc.diagnostics.suggest import suggest

from .mistakes import Poison, listing, report

MAIN: Final = "package.audit"
"""The file that `import "std@1" as std` reads."""
VENDORED: Final = "packages"
"""The folder of a workspace that holds packages."""
SHIPPED: Final = Path(__file__).parent.parent / "library"
"""The packages that come with auditc."""

_NAME: Final = r"[a-z][a-z0-9_]*(?:-[a-z0-9_]+)*"
_VERSION: Final = r"[0-9]+(?:\.[0-9]+)*"
_REFERENCE: Final = re.compile(f"({_NAME})@({_VERSION})")
_FOLDER: Final = re.compile(f"({_NAME})-({_VERSION})")
_FORM: Final = 'Write `"name@version"` or `"name@version/file.audit"`, such as `"std@1"`; the version is an exact one.'


def package_of(path: str) -> tuple[str, str] | None:
    """The package that a path begins with and the path inside it, empty for the package as such; None for none."""
    reference, _, inside = path.partition("/")
    return (reference, inside) if _REFERENCE.fullmatch(reference) else None


def home(name: str) -> tuple[str, str] | None:
    """The package that a file lies in, and its path there; None for a file of the workspace."""
    return package_of(name) if "/" in name else None


def malformed(path: str) -> bool:
    """Whether an import seems to mean a package and does not name one; `./` before a path says that it means a file."""
    reference, _, inside = path.partition("/")
    a_file = not inside and reference.endswith(".audit")
    return "@" in reference and not a_file and not _REFERENCE.fullmatch(reference)


@dataclass(slots=True)
class Packages:
    """The packages that a spec uses; `used` maps each, as `name@version`, to its folder, or to poison."""

    root: Path
    sink: Sink
    used: dict[str, Path | Poison] = field(default_factory=dict)
    _first: dict[str, tuple[str, Span]] = field(default_factory=dict)

    def take(self, reference: str, at: Span) -> Path | Poison:
        """The folder of a package. One that cannot be had is reported at `at`, once."""
        name, version = reference.split("@")
        first, where = self._first.setdefault(name, (version, at))
        if first != version:
            related = (Label(where, f"`{name}@{first}` is used here"),)
            remedy = f"Name one version of `{name}` everywhere, also in the packages that import it."
            return report(self.sink, "AC019", at, f"this is version {version}", remedy=remedy, related=related)
        if reference not in self.used:
            folder = located(self.root, reference)
            self.used[reference] = self._missing(name, version, at) if folder is None else self._sound(folder, at)
        return self.used[reference]

    def hint(self, name: str) -> str:
        """What to say to somebody who has named a package without its version."""
        name = name.removesuffix(".audit")
        versions = _there(self.root).get(name)
        return f'A package is named with its version: `"{name}@{versions[-1]}"`.' if versions else ""

    def digests(self) -> dict[str, str]:
        """The digest of each package that is used. One that cannot be read whole is reported where it is named."""
        found: dict[str, str] = {}
        for reference, folder in sorted(self.used.items()):
            whole = None if isinstance(folder, Poison) else digest(folder)
            if whole is not None:
                found[reference] = whole
            elif not isinstance(folder, Poison):
                _, at = self._first[reference.split("@")[0]]
                remedy = "It holds plain files that may be read, and folders."
                report(self.sink, "AC010", at, "a file of the package cannot be read", remedy=remedy)
        return found

    def _missing(self, name: str, version: str, at: Span) -> Poison:
        there = _there(self.root)
        if name in there:
            label = f"of `{name}` there is version {listing(there[name])}, and no {version}"
            return report(self.sink, "AC018", at, label, remedy=f'Write `"{name}@{there[name][-1]}"`.')
        known = [f"{other}@{versions[-1]}" for other, versions in there.items()]
        meant = suggest(name, there)
        alike = f"Did you mean `{meant}@{there[meant][-1]}`?" if meant else f"Here are {listing(known)}."
        remedy = f"{alike} A package of your own lies in `{VENDORED}/{name}-{version}/`; none is ever fetched."
        return report(self.sink, "AC017", at, f"no package is called `{name}`", remedy=remedy)

    def _sound(self, folder: Path, at: Span) -> Path | Poison:
        """A folder of the workspace without links; how auditc itself is installed is not the author's doing."""
        linked = next(_links(folder), None) if folder.parent != SHIPPED else None
        if linked is None:
            return folder
        named = f"`{linked}` in the package" if linked else "the package's folder"
        remedy = "Copy what it leads to into the package: a package is whole, so that its digest says what it is."
        return report(self.sink, "AC011", at, f"{named} is a link", remedy=remedy)


def bad_reference(path: str, at: Span, sink: Sink) -> Poison:
    """Report an import that names a package in another way than `name@version`."""
    name, _, version = path.partition("/")[0].partition("@")
    label = f"`{version}` is no exact version" if version else "the version is missing"
    if not re.fullmatch(_NAME, name):
        label = f"`{name}` is no name of a package: small letters, digits, `_` and `-`"
    return report(sink, "AC016", at, label, remedy=f'{_FORM} A file of your own is `"./{path}"`.')


def shadowed(path: str, at: Span, sink: Sink) -> Poison:
    """Report a folder of the workspace that is called as only packages are."""
    label = f"`{path.partition('/')[0]}` is how a package is named, and this is a folder beside the spec"
    return report(sink, "AC016", at, label, remedy=f'Give the folder another name; the package is `"{path}"`.')


def located(root: Path, reference: str) -> Path | None:
    """The folder of a package: the workspace's own comes before the one that auditc brings."""
    folders = (place / reference.replace("@", "-") for place in (root / VENDORED, SHIPPED))
    return next((folder for folder in folders if os.path.isdir(folder)), None)  # false also where it may not be asked


def digest(folder: Path) -> str | None:
    """What `sha256sum` says of all files of a folder in the order of their paths, digested once more.

    Files and folders whose name begins with a dot are no part of a package. None where a link or a file that cannot be
    read is in it.
    """
    if folder.parent != SHIPPED and next(_links(folder), None) is not None:
        return None
    lines = []
    try:
        for path, name in sorted(_files(folder), key=lambda found: found[1].encode()):
            if not os.path.isfile(path):
                return None  # to read a pipe would be to wait for ever
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n")
    except OSError:
        return None
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    for here, inner, names in os.walk(folder):
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                path = Path(here, name)
                yield path, path.relative_to(folder).as_posix()


def _links(folder: Path) -> Iterator[str]:
    """The links in a folder by their paths in it; the empty path for the folder itself, and for the one it lies in."""
    if os.path.islink(folder) or os.path.islink(folder.parent):
        yield ""
    for here, inner, names in os.walk(folder):
        for name in (*inner, *names):
            path = Path(here, name)
            if os.path.islink(path):
                yield path.relative_to(folder).as_posix()


def _there(root: Path) -> dict[str, list[str]]:
    """The versions of every package that can be had, oldest first."""
    found: dict[str, set[str]] = {}
    for place in (root / VENDORED, SHIPPED):
        try:
            folders = [entry.name for entry in place.iterdir() if os.path.isdir(entry)]
        except OSError:
            continue
        for match in filter(None, map(_FOLDER.fullmatch, folders)):
            found.setdefault(match[1], set()).add(match[2])
    return {name: sorted(versions, key=_by_number) for name, versions in sorted(found.items())}


def _by_number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
