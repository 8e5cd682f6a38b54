"""What a person should know about an issue that was read: its figures, and each warning with its remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import MappingProxyType

from newsletter.issues.content import Content, SourceWarning, Table

REMEDIES = MappingProxyType(
    {
        "unknown-section": "Add the section to the mailing list, or correct its title in the JSON.",
        "category-mismatch": "Remove the wrong category in the JSON, or keep both.",
        "name-mismatch": "Correct the title in the JSON if the table is right.",
        "title-mismatch": "Correct the title in the JSON if the body is right.",
        "source-mismatch": "Correct the source in the JSON if the body is right.",
        "source-unnamed": "Write the source's name into the JSON; take it out of the text above, if it stands there.",
        "date-mismatch": "Correct the date in the JSON if the body is right.",
        "date-form": "Nothing: the same date, written in two ways.",
        "date-unreadable": "Write the date into the JSON as 2026-09-14 or 2026-09.",
        "not-in-summary": "Write a summary into the JSON.",
        "body-missing": "Check the file: the article may be cut off.",
        "join-guessed": "Compare with the printed page; correct the text in the JSON.",
        "labels-unclear": "Divide the label into its levels in the JSON.",
        "label-missing": "Write the label into the JSON.",
        "columns-guessed": "Correct the columns in the JSON.",
        "caption-open": "Correct the caption in the JSON.",
        "table-without-rows": "Write the rows into the JSON, or remove the table.",
        "damaged-text": "Correct the text in the JSON; until then it stays out of the email.",
        "second-reference": "Join it to the reference in the JSON, or leave it as a note.",
        "second-source": "Correct the source in the JSON if the second one is right.",
        "unplaced-text": "Write the text where it belongs in the JSON, or leave it out.",
        "many-warnings": "Check that the file is an issue of this publication.",
    }
)
"""What to do about each code. `docs/formats.md` explains them; a test holds the two together."""


def figures(content: Content) -> str:
    """Reads `기술 동향 브리핑 2026-18: 9 articles (1/4/4), 8 clippings, 7 tables, 9 references, 11 warnings`."""
    kinds = Counter(item.kind for item in content.items)
    articles = Counter(item.section for item in content.items if item.kind == "article")
    per_section = "/".join(str(articles[section.key]) for section in content.sections if articles[section.key])
    tables = sum(isinstance(block, Table) for item in content.items for block in item.body)
    references = sum(bool(item.reference) for item in content.items)
    return (
        f"{content.publication} {content.key}: {kinds['article']} articles ({per_section or '0'}), "
        f"{kinds['clipping']} clippings, {tables} tables, {references} references, {len(content.warnings)} warnings"
    )


def lines(content: Content) -> Iterator[str]:
    """One line for each warning: where, what, and what to do."""
    return (line_of(warning) for warning in content.warnings)


def line_of(warning: SourceWarning) -> str:
    """Reads `line 634 · damaged-text · policy-2 · message Remedy`."""
    where = f"line {warning.line}" if warning.line else "the file"
    remedy = REMEDIES.get(warning.code, "")
    return " · ".join(filter(None, (where, warning.code, warning.item, f"{warning.message} {remedy}".strip())))
