"""`newsletter report`: what became of a campaign."""

from __future__ import annotations

import csv
import sys
from typing import Annotated

import typer

from newsletter.analytics.report import report as make_report
from newsletter.cli.output import product, show_json, show_table
from newsletter.errors import InputError


def report(
    campaign: int,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="For spreadsheets.")] = False,
) -> None:
    """Delivered, image loads, people and machines apart, clicks by item. Opens are hints, never added up."""
    if as_json and as_csv:
        raise InputError("Say --json or --csv, not both.")
    with product() as parts, parts.database.read() as session:
        found = make_report(session, campaign)
    if as_json:
        show_json(found.to_json())
    elif as_csv:
        csv.writer(sys.stdout).writerows(found.rows())
    else:
        head, *rows = found.rows()
        show_table(f"Campaign {campaign}", [str(name) for name in head], [list(row) for row in rows])
