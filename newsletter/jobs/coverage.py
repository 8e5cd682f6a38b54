"""Before anything is frozen: how many readers would get each item, in which form."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy import select as sql
from sqlmodel import select

from newsletter.campaigns.variants import choose
from newsletter.issues import store as issues
from newsletter.jobs import looks
from newsletter.jobs.planning import CADENCES
from newsletter.jobs.product import Product
from subscribers import audience
from subscribers.models import MailingList, Selection
from subscribers.store import wishes_of


@dataclass(frozen=True, slots=True)
class ItemCoverage:
    """One item and the number of readers who get it."""

    id: str
    title: str
    full: int
    line: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """All items, and the readers for whom nothing is left."""

    readers: int
    nothing_matched: int
    items: tuple[ItemCoverage, ...]


def coverage(product: Product, issue_key: str) -> Coverage:
    """Apply the rule to every distinct selection and count its readers; writes nothing."""
    with product.database.read() as session:
        stored = issues.find(session, issue_key)
        mailing_list = session.get_one(MailingList, stored.issue.list_id)
        who = audience.candidates(mailing_list, CADENCES, product.clock.now()).subquery().c
        query = sql(who.selection_id, func.count()).where(who.reason.is_(None)).group_by(who.selection_id)
        readers: dict[int, int] = dict(session.execute(query).all())
        selections = session.exec(select(Selection).where(Selection.list_id == mailing_list.id)).all()
        naming = looks.naming(looks.list_choices(session, mailing_list))
    counts: Counter[tuple[str, str]] = Counter()
    nothing = 0
    for row in selections:
        count = readers.get(row.id or 0, 0)
        placements = choose(stored.content, wishes_of(row), naming)
        counts.update({(placement.item, placement.form): count for placement in placements})
        nothing += 0 if placements else count
    items = tuple(
        ItemCoverage(item.id, item.title, counts[item.id, "full"], counts[item.id, "line"])
        for item in stored.content.items
    )
    return Coverage(sum(readers.values()), nothing, items)
