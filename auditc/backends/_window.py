"""The longest sequence that a model knows, as its folder says: told without loading it."""

from __future__ import annotations

import json
from pathlib import Path

from auditc.backends._contract import ModelSource


def window(source: ModelSource) -> int | None:
    """Tokens; None where nobody says."""
    if source.folder is None:
        return None
    try:
        said = json.loads((Path(source.folder) / "config.json").read_bytes())
        found = said.get("max_position_embeddings") or said.get("text_config", {}).get("max_position_embeddings")
    except (OSError, ValueError, AttributeError, RecursionError):
        return None  # opening it will say so better
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else None
