"""`newsletter lists`: create, show."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlmodel import select

from newsletter.cli.output import product, say, show_json, show_table
from newsletter.jobs import lists as jobs
from newsletter.jobs.lists import NewList
from newsletter.jobs.looks import list_choices
from subscribers import store
from subscribers.models import ListKind, MailingList

app = typer.Typer(no_args_is_help=True)


@app.command("create")
def create(
    slug: str,
    kind: Annotated[ListKind, typer.Option(help="Does it promote goods, services or events for gain? advertising.")],
    name_ko: Annotated[str, typer.Option(help="The publication's Korean name.")],
    name_en: Annotated[str, typer.Option(help="The publication's English name.")],
    time_zone: Annotated[str, typer.Option(help="IANA name.")] = "Asia/Seoul",
) -> None:
    """Create a mailing list with the digest's four sections and twelve categories. The kind has no default."""
    with product() as parts:
        jobs.create(parts, NewList(slug, name_ko, name_en, kind, time_zone))
    say(f"List {slug} exists. Next: newsletter issue import FILE --list {slug}")


@app.command("show")
def show(
    slug: Annotated[str | None, typer.Argument()] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """All lists, or one list's sections and categories."""
    with product() as parts, parts.database.read() as session:
        if slug is None:
            lists = session.exec(select(MailingList)).all()
            head = ["slug", "name", "kind", "language", "zone"]
            rows = [[one.slug, one.name_ko, str(one.kind), one.language, one.time_zone] for one in lists]
        else:
            mailing_list = store.find_list(session, slug)
            choices = list_choices(session, mailing_list)
            head = ["what", "key", "Korean", "English", "state"]
            rows = [
                [what, row.key, row.name_ko, row.name_en, str(row.state)]
                for what, group in (("section", choices.sections), ("category", choices.categories))
                for row in group
            ]
    if as_json:
        show_json([dict(zip(head, row, strict=True)) for row in rows])
    else:
        show_table("", head, [list(row) for row in rows])
