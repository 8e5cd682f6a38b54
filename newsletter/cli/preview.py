"""`newsletter preview` and `newsletter send-test`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.output import out, product, say
from newsletter.jobs.previews import Eyes
from newsletter.jobs.previews import preview as make_preview
from newsletter.jobs.previews import send_test as send
from subscribers.selections import Wishes


class Format(StrEnum):
    """What to print."""

    HTML = "html"
    TEXT = "text"
    MJML = "mjml"


class Language(StrEnum):
    """What emails are written in."""

    KO = "ko"
    EN = "en"


def preview(
    issue: str,
    as_email: Annotated[str | None, typer.Option("--as", help="Show the mail of this reader.")] = None,
    sections: Annotated[str | None, typer.Option(help="Keys joined by commas, or * for all.")] = None,
    categories: Annotated[str | None, typer.Option(help="Names joined by commas, or * for all.")] = None,
    language: Annotated[Language | None, typer.Option(help="Instead of the reader's or the list's own.")] = None,
    form: Annotated[Format, typer.Option("--format")] = Format.HTML,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file instead of the screen.")] = None,
) -> None:
    """Show the mail that a reader, or anybody with these wishes, would get. Writes nothing to the database."""
    wishes = None
    if sections is not None or categories is not None:
        wishes = Wishes.from_fields((sections or "").replace(",", "|"), (categories or "").replace(",", "|"))
    with product() as parts:
        seen = make_preview(parts, issue, Eyes(as_email, wishes, language))
    body = {Format.HTML: seen.html, Format.TEXT: seen.text, Format.MJML: seen.mjml}[form]
    rendered = seen.rendered
    say(f"subject: {rendered.subject}")
    say(f"preheader: {rendered.preheader}")
    say(f"{rendered.full_count} in full, {rendered.line_count} as lines, {len(seen.html.encode()):,} bytes of HTML")
    if output:
        output.write_text(body, encoding="utf-8")
        say(f"written to {output}")
    else:
        out.file.write(body)


def send_test(
    issue: str,
    as_email: Annotated[str, typer.Option("--as", help="Whose mail.")],
    to: Annotated[str, typer.Option(help="Where it goes.")],
) -> None:
    """Send one reader's mail to somebody else, marked as a test; it counts nowhere."""
    with product() as parts:
        send(parts, issue, as_email, to)
    say("The test mail was accepted.")
