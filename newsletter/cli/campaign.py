"""`newsletter campaign`: create, plan, send, pause, resume, cancel, resolve, status, coverage."""

from __future__ import annotations

from typing import Annotated

import typer

from newsletter.campaigns import store
from newsletter.cli.output import product, progress, say, show, show_json, show_table
from newsletter.jobs import campaigns as jobs
from newsletter.jobs import coverage as coverage_jobs
from newsletter.jobs import sending
from newsletter.jobs.campaigns import NewCampaign, Status
from newsletter.jobs.planning import Planned, plan

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]


@app.command("create")
def create(
    issue: str,
    at: Annotated[str | None, typer.Option(help="When; without an offset in the list's zone. Default: now.")] = None,
    local_hour: Annotated[int | None, typer.Option(min=0, max=23, help="At this hour of each reader's zone.")] = None,
    subject: Annotated[str | None, typer.Option(help="Your own subject instead of the titles.")] = None,
    again: Annotated[bool, typer.Option(help="Send an issue that was sent before once more.")] = False,
) -> None:
    """Schedule a campaign for a ready issue and print its number."""
    with product() as parts:
        campaign = jobs.create(parts, NewCampaign(issue, at, local_hour, subject, again))
    show(str(campaign.id))
    say(f"Campaign {campaign.id} is scheduled. Next: newsletter campaign plan {campaign.id}")


@app.command("plan")
def plan_command(campaign: int, as_json: AsJson = False) -> None:
    """Freeze who gets what: N readers → V variants → R requests. Nothing is sent yet."""
    with product() as parts, progress() as bar:
        planned = plan(parts, campaign, bar)
    if as_json:
        show_json(_planned_json(planned))
    else:
        _show_planned(planned)


@app.command("send")
def send(campaign: int) -> None:
    """Plan the campaign if that is still to be done, and send it. Stop with Ctrl-C; `send` goes on later."""
    with product() as parts:
        with progress() as bar:
            jobs.start(parts, campaign, bar)
            sending.send_until_idle(parts, campaign, bar)
        _show_status(jobs.status(parts, campaign))


@app.command("pause")
def pause(campaign: int) -> None:
    """Let no further request leave."""
    with product() as parts:
        jobs.pause(parts, campaign)
    say(f"Campaign {campaign} is paused. `newsletter campaign resume {campaign}` goes on.")


@app.command("resume")
def resume(campaign: int) -> None:
    """Go on with a paused campaign; running lanes pick it up, else `campaign send` sends it."""
    with product() as parts:
        jobs.resume(parts, campaign)
    say(f"Campaign {campaign} goes on. Without `newsletter up`: newsletter campaign send {campaign}")


@app.command("cancel")
def cancel(campaign: int, yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False) -> None:
    """End a campaign for good; what was not handed over never will be."""
    with product() as parts:
        status = jobs.status(parts, campaign)
        left = status.sums.unsettled
        if not yes:
            typer.confirm(f"Cancel campaign {campaign}, with {left} readers still waiting?", abort=True, err=True)
        jobs.cancel(parts, campaign)
    say(f"Campaign {campaign} is cancelled.")


@app.command("resolve")
def resolve(
    batch: int,
    action: Annotated[str, typer.Argument(help="`resend` (may be a second copy) or `leave`.")],
    note: Annotated[str, typer.Option(help="Why; kept with the decision.")] = "",
) -> None:
    """Decide about a request whose answer nobody knows. `campaign status` lists them."""
    with product() as parts:
        sending.resolve(parts, batch, action, note)
    say(f"Decided: {action} batch {batch}.")


@app.command("status")
def status(campaign: Annotated[int | None, typer.Argument()] = None, as_json: AsJson = False) -> None:
    """Where a campaign stands, with sums that close; without a number, all campaigns."""
    with product() as parts:
        if campaign is None:
            with parts.database.read() as session:
                rows = [[one.id, one.occurrence, str(one.state), one.candidate_count] for one in store.every(session)]
            if as_json:
                show_json([dict(zip(("id", "occurrence", "state", "candidates"), row, strict=True)) for row in rows])
            else:
                show_table("", ["campaign", "occurrence", "state", "candidates"], [list(row) for row in rows])
            return
        found = jobs.status(parts, campaign)
    if as_json:
        show_json(jobs.status_json(found))
    else:
        _show_status(found)


@app.command("coverage")
def coverage(issue: str, as_json: AsJson = False) -> None:
    """Before planning: how many readers get each item, in which form, and how many get nothing."""
    with product() as parts:
        found = coverage_jobs.coverage(parts, issue)
    if as_json:
        show_json(found)
        return
    show(f"{found.readers:,} readers")
    show(f"{'in full':>9} {'as a line':>9} {'not':>9}  item")
    for row in found.items:
        show(f"{row.full:>9,} {row.line:>9,} {found.readers - row.full - row.line:>9,}  {row.title}")
    show(f"nothing-matched: {found.nothing_matched:,}")


def _planned_json(planned: Planned) -> dict[str, object]:
    return {
        "campaign": planned.campaign_id,
        "candidates": planned.frozen.candidates,
        "readers": planned.frozen.deliveries,
        "excluded": dict(planned.frozen.excluded),
        "variants": planned.variants,
        "requests": planned.frozen.batches,
        "shortened": dict(planned.shortened),
    }


def _show_planned(planned: Planned) -> None:
    frozen = planned.frozen
    show(f"{frozen.deliveries:,} readers → {planned.variants:,} variants → {frozen.batches:,} requests")
    for reason, count in sorted(frozen.excluded.items()):
        show(f"  excluded, {reason}: {count:,}")
    if planned.shortened:
        show("  too heavy, so these became lines:")
    for title, count in planned.shortened.items():
        show(f"    {title} (in {count:,} variants)")
    say(f"Next: newsletter campaign send {planned.campaign_id}")


def _show_status(found: Status) -> None:
    campaign, sums = found.campaign, found.sums
    because = f" ({campaign.pause_reason})" if campaign.pause_reason else ""
    show(f"campaign {campaign.id} · issue {found.list_slug}/{found.issue_key} · {campaign.state}{because}")
    show(f"candidates {sums.candidates:,} = {sums.deliveries:,} deliveries + {sums.excluded_at_freeze:,} excluded")
    for reason, count in sorted(sums.freeze_exclusions.items()):
        show(f"  excluded, {reason}: {count:,}")
    for state, count in sorted(sums.deliveries_by_state.items()):
        show(f"  {state}: {count:,}")
    for reason, count in sorted(sums.send_exclusions.items()):
        show(f"  left out at sending, {reason}: {count:,}")
    show(f"{found.variants:,} variants · {sums.requests:,} requests made")
    for batch in sums.unknown_batches:
        say(f"unknown: batch {batch.id}, {batch.readers} readers: {batch.reason}")
        say(f"  → newsletter campaign resolve {batch.id} resend|leave --note WHY, or wait for its events")
    if not sums.closes:
        say("The sums do not close. This must not happen: run `newsletter db check` and keep a copy of the database.")
