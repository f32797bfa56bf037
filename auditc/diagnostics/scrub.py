"""Takes out of foreign text what says whose machine it was written on: paths, the home folder, secrets."""

from __future__ import annotations

import os
import re

_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_QUOTED = re.compile(r"""(['"])(?:[A-Za-z]:|~)?[/\\][^'"\n]*[/\\][^'"\n]*\1""")
"""In quotes a path may hold spaces."""
_PATH = re.compile(r"""(?<![\w.~])(?:[A-Za-z]:)?(?:[/\\][^\s/\\:'"]+){2,}|~(?:[/\\][^\s/\\:'"]+)+""")


def scrubbed(text: str) -> str:
    """`text` with absolute paths as `<path>`, the home folder alone as `~`, and secrets of the environment as `***`.

    For whatever is stored with answers or may be printed in a report, and was said by a library or a system.
    """
    for name, value in os.environ.items():
        if len(value) > 7 and _SECRET.search(name):
            text = text.replace(value, "***")
    home = os.path.expanduser("~").rstrip("/\\")
    if home:
        text = re.sub(re.escape(home) + r"(?![\w.-])", "~", text)
    return _PATH.sub("<path>", _QUOTED.sub(r"\1<path>\1", text))
