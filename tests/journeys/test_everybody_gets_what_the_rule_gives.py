"""From a published file to mails that hold exactly what each reader picked, judged from outside."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from newsletter.bootstrap import Product
from newsletter.cli.demo.stand_in import StandIn
from newsletter.cli.sample_readers import write_sample_readers
from newsletter.issues import store
from newsletter.issues.content_json import dump
from newsletter.jobs import campaigns, issues, lists, readers, sending
from newsletter.jobs.campaigns import NewCampaign
from newsletter.jobs.issues import Readying
from newsletter.jobs.lists import NewList
from newsletter.jobs.planning import plan
from newsletter.jobs.readers import FileImport
from subscribers.defaults import DIGEST_CATEGORY_ALIASES
from subscribers.models import ListKind
from tests.journeys.conftest import BATCH_SIZE

CHECKER = Path(__file__).parent.parent / "oracle" / "checker.py"
SELECTIONS = 300


def send_everything(product: Product, published: Path, directory: Path, readers_count: int) -> dict[str, Any]:
    """List, issue, readers, plan, delivery; leaves the CSV and the issue's JSON for the checker."""
    lists.create(product, NewList("digest", "기술 동향 브리핑", "Technology Briefing", ListKind.INFORMATION))
    key = issues.import_issue(product, published, "digest").stored.content.key
    issues.make_ready(product, key, Readying(accept_suggestions=True, accept_new=True))
    with product.database.read() as session:
        (directory / "issue.json").write_bytes(dump(store.find(session, key).content))
    write_sample_readers(directory / "readers.csv", readers_count, min(SELECTIONS, readers_count // 2))
    readers.import_file(product, "digest", FileImport(directory / "readers.csv"))
    campaign = campaigns.create(product, NewCampaign(key))
    assert campaign.id is not None
    planned = plan(product, campaign.id)
    campaigns.start(product, campaign.id)
    sending.send_until_idle(product, campaign.id)
    status = campaigns.status_json(campaigns.status(product, campaign.id))
    assert planned.frozen.batches == status["requests"]
    return status


def judge(directory: Path) -> tuple[int, dict[str, Any]]:
    """Run the outside checker on what the sandbox kept."""
    aliases = [f"{alias}={key}" for alias, key in DIGEST_CATEGORY_ALIASES.items()]
    files = [str(directory / name) for name in ("sandbox", "readers.csv", "issue.json")]
    done = subprocess.run(
        [sys.executable, "-I", str(CHECKER), *files, str(BATCH_SIZE), *aliases],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def readers_count(database_url: str) -> int:
    """Ten thousand on SQLite, and on PostgreSQL enough to see that it is the same."""
    return 10_000 if database_url.startswith("sqlite") else 1_000


def test_every_reader_gets_exactly_the_items_and_forms_that_the_rule_gives(
    product: Product, stand_in: StandIn, published_issue: Path, tmp_path: Path, readers_count: int
) -> None:
    status = send_everything(product, published_issue, tmp_path, readers_count)
    assert status["state"] == "finished"
    assert status["closes"]
    assert status["candidates"] == readers_count
    verdict, summary = judge(tmp_path)
    assert summary["first_faults"] == []
    assert verdict == 0
    assert summary["readers"] == status["deliveries"] == stand_in.get("stats")["mails_accepted"]
    assert summary["requests"] == status["requests"]
    assert (summary["selections"], summary["contents"]) == (SELECTIONS, status["variants"])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_checker_sees_what_a_wrong_product_would_have_done(
    product: Product, published_issue: Path, tmp_path: Path
) -> None:
    """Negative controls: the journal is changed as each kind of wrong product would have written it."""
    sent = tmp_path / "sent"
    sent.mkdir()
    send_everything(product, published_issue, sent, 60)
    shutil.copytree(tmp_path / "sandbox", sent / "sandbox")
    assert judge(sent)[0] == 0
    for harm in (lost, doubled, mixed_up, in_another_form, without_an_item_in_the_text, one_by_one):
        harmed = shutil.copytree(sent, tmp_path / harm.__name__)
        harm(harmed / "sandbox")
        verdict, summary = judge(harmed)
        assert verdict == 1, harm.__name__
        assert summary["faults"], harm.__name__


def lost(sandbox: Path) -> None:
    lines = _lines(sandbox)
    _rewrite(sandbox, lines[1:])


def doubled(sandbox: Path) -> None:
    lines = _lines(sandbox)
    _rewrite(sandbox, [*lines, lines[-1]])


def mixed_up(sandbox: Path) -> None:
    """Two requests swap their contents: readers get what others picked."""
    lines = [json.loads(line) for line in _lines(sandbox)]
    lines[0]["content"], lines[-1]["content"] = lines[-1]["content"], lines[0]["content"]
    _rewrite(sandbox, [json.dumps(line) + "\n" for line in lines])


def in_another_form(sandbox: Path) -> None:
    for content in (sandbox / "content").glob("*.json"):
        content.write_text(content.read_text(encoding="utf-8").replace("h3", "h4"), encoding="utf-8")


def without_an_item_in_the_text(sandbox: Path) -> None:
    for path in (sandbox / "content").glob("*.json"):
        parts = json.loads(path.read_bytes())
        for part in parts:
            if part["type"] == "text/plain":
                part["value"] = part["value"].replace("-1\n", "-9\n")
        path.write_text(json.dumps(parts), encoding="utf-8")


def one_by_one(sandbox: Path) -> None:
    """A request for every reader: right mails, dearly sent."""
    requests = [json.loads(line) for line in _lines(sandbox)]
    alone = [one | {"personalizations": [person]} for one in requests for person in one["personalizations"]]
    _rewrite(sandbox, [json.dumps(one) + "\n" for one in alone])


def _lines(sandbox: Path) -> list[str]:
    return (sandbox / "journal.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)


def _rewrite(sandbox: Path, lines: list[str]) -> None:
    (sandbox / "journal.jsonl").write_text("".join(lines), encoding="utf-8")
