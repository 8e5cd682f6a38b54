"""The command line. Each file holds one group of commands; each command calls one use-case of `newsletter.jobs`."""

from __future__ import annotations

import sys

import typer
from sqlalchemy.exc import OperationalError

from newsletter.cli import campaign, database, demo, issue, jobs, lists, preview, report, running, subscribers
from newsletter.cli.output import show_error
from newsletter.errors import InputError, NewsletterError
from subscribers.errors import SubscribersError

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(issue.app, name="issue", help="Parse, import and ready issues.")
app.add_typer(lists.app, name="lists", help="Mailing lists, their sections and categories.")
app.add_typer(subscribers.app, name="subscribers", help="Readers: add, import, export, show, erase.")
app.add_typer(campaign.app, name="campaign", help="Plan, send and watch campaigns.")
app.add_typer(database.app, name="db", help="The database's schema.")
app.add_typer(jobs.app, name="jobs", help="What the clock does.")
app.command("preview")(preview.preview)
app.command("send-test")(preview.send_test)
app.command("report")(report.report)
app.command("serve")(running.serve)
app.command("up")(running.up)
app.command(
    "sandbox",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)(running.sandbox)
app.command("demo")(demo.demo)


def main() -> int:
    """Run one command. Errors a person can act on are one sentence and an exit code, never a traceback.

    2: something that was given can't be used; 1: anything else that went wrong.
    """
    try:
        app()
    except (InputError, SubscribersError) as error:
        show_error(str(error))
        return 2
    except NewsletterError as error:
        show_error(str(error))
        return 1
    except OSError as error:
        show_error(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return 2 if error.filename else 1
    except OperationalError as error:
        show_error(f"the database: {' '.join(str(error.orig).split())}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
