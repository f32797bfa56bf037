"""The reference of the language, as Markdown made from the code; `python -m auditc.reference FOLDER` writes it."""
