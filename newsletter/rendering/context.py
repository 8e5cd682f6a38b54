"""What the templates see: an issue as views, chosen and worded. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.issues.content import Content, Item, ItemKind, Placement
from newsletter.rendering import phrases as chrome
from newsletter.rendering.escaping import one_line
from newsletter.rendering.excerpt import Point, TableLine, damaged_texts, excerpt
from newsletter.rendering.look import Look
from newsletter.rendering.personal import tags

LETTERS_PER_MINUTE = 500
TOC_FROM = 8
"""A mail with that many items in full, under more than one heading, starts with its headings."""

Heading = tuple[str, ItemKind]
"""Section key and kind: what stands under one heading."""


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item, worded for the mail. `n` is its position in the issue, from 1."""

    n: int
    id: str
    kind: str
    title: str
    url: str
    chips: tuple[str, ...]
    source: str
    original: str
    """Address of the source's own page; empty where there is none."""
    summary: str
    points: tuple[Point, ...]
    tables: tuple[str, ...]
    letters: int


@dataclass(frozen=True, slots=True)
class GroupView:
    """Items in full under one heading. `n` numbers the headings an issue can have, from 1."""

    n: int
    name: str
    entries: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class Issue:
    """A whole issue as views; every variant is a choice from it."""

    name: str
    publication: str
    published: str
    views: dict[str, ItemView]
    headings: dict[Heading, GroupView]
    heading_of: dict[str, Heading]

    @classmethod
    def of(cls, content: Content, look: Look) -> Issue:
        """Word the items of an issue for one look."""
        views = {item.id: _view(n, item, content, look) for n, item in enumerate(content.items, 1)}
        heading_of = {item.id: (item.section, item.kind) for item in content.items}
        titles = {section.key: section.title for section in content.sections}
        headings = {
            heading: GroupView(
                n,
                one_line(look.section_names.get(heading[0]) or titles.get(heading[0], heading[0])),
                tuple(views[item.id] for item in content.items if heading_of[item.id] == heading),
            )
            for n, heading in enumerate(dict.fromkeys(heading_of.values()), 1)
        }
        own_name = look.publisher.publication if look.language == "ko" else look.publisher.publication_en
        return cls(
            name=chrome.issue_name(look.language, content.year, content.number),
            publication=one_line(own_name or content.publication),
            published=chrome.date(look.language, content.published_on),
            views=views,
            headings=headings,
            heading_of=heading_of,
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """One variant's items: groups in full, then lines; and the words that depend on them."""

    groups: tuple[GroupView, ...]
    lines: tuple[ItemView, ...]
    titles: tuple[str, ...]
    rest: int

    @classmethod
    def of(cls, issue: Issue, placements: Sequence[Placement]) -> Choice:
        """The items of `placements`, which are in mail order. `KeyError` for an item the issue has not."""
        groups: dict[Heading, list[ItemView]] = {}
        for placement in placements:
            if placement.form == "full":
                groups.setdefault(issue.heading_of[placement.item], []).append(issue.views[placement.item])
        full = tuple(GroupView(issue.headings[h].n, issue.headings[h].name, tuple(v)) for h, v in groups.items())
        lines = tuple(issue.views[placement.item] for placement in placements if placement.form == "line")
        titles = tuple(view.title for group in full for view in group.entries) + tuple(view.title for view in lines)
        return cls(full, lines, titles, len(issue.views) - len(placements))

    @classmethod
    def superset(cls, issue: Issue) -> Choice:
        """Every item, in both forms: what is compiled once."""
        return cls(tuple(issue.headings.values()), tuple(issue.views.values()), (), 1)

    @classmethod
    def nothing(cls) -> Choice:
        """No item at all: what stands around the items."""
        return cls((), (), ("",), 0)

    @property
    def full_count(self) -> int:
        """How many items stand in full."""
        return sum(len(group.entries) for group in self.groups)

    @property
    def shows_toc(self) -> bool:
        """Whether the mail is long enough to list its headings."""
        return self.full_count >= TOC_FROM and len(self.groups) > 1

    def minutes(self) -> int:
        """Reading time, rounded up, at least one minute."""
        read = sum(view.letters for group in self.groups for view in group.entries)
        return max(1, -(-read // LETTERS_PER_MINUTE))


def paragraphs(note: str | None) -> tuple[str, ...]:
    """The editor's note as paragraphs of one line each."""
    return tuple(line for part in re.split(r"\n\s*\n", note or "") if (line := one_line(part)))


def _view(n: int, item: Item, content: Content, look: Look) -> ItemView:
    text = excerpt(item, damaged_texts(content, item.id))
    say = chrome.phrases(look.language)
    tracked = look.tracking == "individual"
    return ItemView(
        n=n,
        id=item.id,
        kind=item.kind,
        title=one_line(item.title) or say.untitled,
        url=look.links.click(tags(look.nonce).click, n) if tracked else look.links.item(item.id),
        chips=tuple(filter(None, (one_line(look.category_names.get(c) or c) for c in item.categories))),
        source=chrome.source_line(look.language, item.source),
        original=_web_address(item.source.url),
        summary=text.summary,
        points=text.points,
        tables=tuple(map(_table_line, text.tables)),
        letters=text.letters(),
    )


def _table_line(line: TableLine) -> str:
    """`caption: first label / second label / … (6)`."""
    more = ("…",) if line.row_count > len(line.labels) else ()
    labels = " / ".join((*line.labels, *more))
    words = ": ".join(filter(None, (line.caption, labels if line.labels else "")))
    return f"{words} ({line.row_count})".strip()


def _web_address(url: str | None) -> str:
    """The address if it is a real web address; anything else, such as `javascript:`, is no link."""
    address = one_line(url or "")
    return address if re.fullmatch(r"https?://[^\s\"<>\\]+", address, re.IGNORECASE) else ""
