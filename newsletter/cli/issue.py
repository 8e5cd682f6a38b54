"""`newsletter issue`: parse, import, list, show, ready."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import select

from newsletter.cli.output import out, product, say, show, show_json, show_table
from newsletter.ingest import report
from newsletter.ingest.reader import read_issue
from newsletter.issues import store
from newsletter.issues.content import Content, Item
from newsletter.issues.content_json import dump
from newsletter.jobs import issues as jobs
from newsletter.jobs.issues import Imported, Readying
from newsletter.settings import Settings
from subscribers.models import MailingList

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]


@app.command("parse")
def parse(file: Path, as_json: AsJson = False) -> None:
    """Read a file and show what was understood; warnings go to stderr. Changes nothing."""
    content = read_issue(file, Settings.load().keywords_file)
    if as_json:
        out.file.write(dump(content).decode())
    else:
        _show_content(content)
    _show_warnings(content)


@app.command("import")
def import_(
    file: Path, list_slug: Annotated[str | None, typer.Option("--list", help="Slug of the mailing list.")] = None
) -> None:
    """Read a file and store it as a draft. Importing the same content again changes nothing."""
    with product() as parts:
        imported = jobs.import_issue(parts, file, list_slug)
    _show_warnings(imported.stored.content)
    version = f"version {imported.stored.version.number}"
    what = f"stored as {version}" if imported.is_new else f"unchanged, it is {version}"
    say(f"Issue {imported.stored.issue.key}: {what}.")
    _show_open(imported)


@app.command("ready")
def ready(
    issue: str,
    accept_suggestions: Annotated[bool, typer.Option(help="Take every suggested category.")] = False,
    without_suggestions: Annotated[bool, typer.Option(help="Turn every suggested category down.")] = False,
    accept_new: Annotated[bool, typer.Option(help="Make new sections and categories choices for readers.")] = False,
) -> None:
    """Declare an issue ready to be sent."""
    decisions = Readying(accept_suggestions, without_suggestions, accept_new)
    with product() as parts:
        done = jobs.make_ready(parts, issue, decisions)
    say(f"Issue {done.stored.issue.key} is ready. Next: newsletter campaign create {done.stored.issue.key}")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """All issues, the newest first."""
    with product() as parts, parts.database.read() as session:
        slugs = dict(session.exec(select(MailingList.id, MailingList.slug)).all())
        rows = [(slugs[issue.list_id], issue.key, str(issue.state)) for issue in store.every(session)]
    if as_json:
        show_json([dict(zip(("list", "issue", "state"), row, strict=True)) for row in rows])
    else:
        show_table("", ["list", "issue", "state"], [list(row) for row in rows])


@app.command("show")
def show_issue(issue: str, as_json: AsJson = False) -> None:
    """The current content of a stored issue; `--json` can be edited and imported again."""
    with product() as parts, parts.database.read() as session:
        content = store.find(session, issue).content
    if as_json:
        out.file.write(dump(content).decode())
    else:
        _show_content(content)


def _show_content(content: Content) -> None:
    show(report.figures(content))
    for section in content.sections:
        show("")
        show(section.title)
        for item in content.in_section(section.key):
            show(f"  · {item.title}")
            show(f"      {_about(item)}")


def _about(item: Item) -> str:
    """Source, date and categories; a suggested category has a question mark."""
    source = item.source
    where = f"{source.country or ''} {source.organisation}".strip()
    categories = ", ".join(item.categories) or ", ".join(f"{name}?" for name in item.suggested_categories)
    return " · ".join(filter(None, (where, source.date, categories)))


def _show_warnings(content: Content) -> None:
    for line in report.lines(content):
        say(f"warning: {line}")


def _show_open(imported: Imported) -> None:
    if not imported.open_points:
        say(f"Nothing is open. Next: newsletter issue ready {imported.stored.issue.key}")
        return
    say("Open before it is ready:")
    for point in imported.open_points:
        say(f"  · {point.what}")
    for remedy in dict.fromkeys(point.remedy for point in imported.open_points):
        say(f"  → {remedy}")
