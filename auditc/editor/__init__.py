"""What an editor asks of a spec while it is being written: mistakes, meanings, completions, places, renaming, colours.

Everything rests on the front end of `auditc check`. `server` speaks the Language Server Protocol; `highlight` colours
specs in documents made with Pygments. Which words there are is always asked of the forms and the shelves.
"""
