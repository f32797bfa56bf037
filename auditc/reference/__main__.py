"""`python -m auditc.reference FOLDER` writes the reference into a folder, and takes away pages that are no more."""

import sys
from pathlib import Path

from auditc.reference.book import pages

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
made = pages()
for name, text in made.items():
    (folder / name).write_text(text, encoding="utf-8")
for old in folder.glob("*.md"):
    if old.name not in made:
        old.unlink()
