"""Words on the page: a frozen issue and a reader's placements become a subject, an HTML and a text part.

Nothing here reads a database. `docs/email.md` tells how the parts fit.
"""
