"""An outside judge: reads the sandbox's journal, the readers' CSV and the issue's JSON, and imports nothing of ours.

It applies the rule once more, written from its description, to every row of the CSV, and looks into the mail that the
journal holds for that reader: exactly those items, in those forms and that order, one copy each, and no request more
than the readers of each content need. Run it as `python checker.py JOURNAL_DIR CSV ISSUE_JSON BATCH_SIZE [ALIAS=KEY]…`;
it prints a JSON summary and ends with 0 only if nothing is wrong.
"""

from __future__ import annotations

import csv
import html
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

MAX_ARTICLES, MAX_CLIPPINGS = 10, 12
MAX_SHOWN = 20

Placed = tuple[str, str]
"""(item id, `full` or `line`)."""


def expected(issue: dict[str, Any], row: dict[str, str], aliases: dict[str, str]) -> list[Placed]:
    """Section decides presence, category decides size; focus and articles, clippings, then lines."""
    sections, categories = picked(row["sections"]), {aliases.get(name, name) for name in picked(row["categories"])}
    full: list[Placed] = []
    cards: list[Placed] = []
    lines: list[Placed] = []
    for item in issue["items"]:
        if "*" not in sections and item["section"] not in sections:
            continue
        own = {aliases.get(name, name) for name in item["categories"]}
        matched = not own or "*" in categories or bool(own & categories)
        if item["kind"] == "article":
            room = matched and len(full) < MAX_ARTICLES
            (full if room else lines).append((item["id"], "full" if room else "line"))
        elif matched:
            room = len(cards) < MAX_CLIPPINGS
            (cards if room else lines).append((item["id"], "full" if room else "line"))
    return full + cards + lines


def picked(field: str) -> set[str]:
    return {part for part in field.split("|") if part}


class Mail(HTMLParser):
    """What a mail shows of items: a linked title in a heading is an item in full, a link elsewhere may be a line."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.ids, self.placed = ids, dict[str, str]()
        self.in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "h3":
            self.in_heading = True
        link = dict(attrs).get("href") or ""
        if tag == "a" and (item := self.item_of(link)):
            form = "full" if self.in_heading else "line"
            if self.placed.get(item) is None or (form == "full" and self.placed[item] == "line"):
                self.placed[item] = form

    def handle_endtag(self, tag: str) -> None:
        if tag == "h3":
            self.in_heading = False

    def item_of(self, link: str) -> str | None:
        """The item a link leads to: by its id on the item's page, by its position behind a click link."""
        if found := re.fullmatch(r"https?://[^/]+/issues/[^/]+/[^/]+/([^/?#]+)", link):
            return found[1] if found[1] in self.ids else None
        if found := re.fullmatch(r"https?://[^/]+/c/[^/]+/(\d+)", link):
            return self.ids[int(found[1]) - 1]
        return None


def journal(directory: Path) -> Iterator[dict[str, Any]]:
    with (directory / "journal.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def content(directory: Path, digest: str) -> dict[str, str]:
    (path,) = [found for found in (directory / "content").rglob(f"*{digest.rpartition(':')[2]}*") if found.is_file()]
    return {part["type"]: part["value"] for part in json.loads(path.read_bytes())}


def fill(text: str, personal: dict[str, str]) -> str:
    for tag, value in personal.items():
        text = text.replace(tag, value)
    return text


class Judge:
    """Collects faults; the summary says what was looked at."""

    def __init__(self, directory: Path, issue: dict[str, Any], batch_size: int) -> None:
        self.directory, self.issue, self.batch_size = directory, issue, batch_size
        self.ids = [item["id"] for item in issue["items"]]
        self.titles = {item["id"]: squeezed(item["title"]) for item in issue["items"]}
        self.faults: list[str] = []
        self.requests = self.selections = 0
        self.copies: Counter[str] = Counter()
        self.seen: dict[str, list[Placed]] = {}
        self.readers_of: Counter[tuple[str, str]] = Counter()
        self.shapes: dict[tuple[str, str], list[Placed]] = {}

    def read(self) -> None:
        for request in journal(self.directory):
            self.requests += 1
            people = request["personalizations"]
            if len(people) > self.batch_size:
                self.faults.append(f"a request of {len(people)} readers is larger than {self.batch_size}")
            bodies = content(self.directory, request["content"])
            for person in people:
                self.take(request["content"], bodies, person)

    def take(self, digest: str, bodies: dict[str, str], person: dict[str, Any]) -> None:
        (to,) = person["to"]
        address = to["email"].lower()
        self.copies[address] += 1
        key = (digest, person.get("subject", ""))
        self.readers_of[key] += 1
        if key not in self.shapes:
            self.shapes[key] = self.shape(bodies, person, address)
        self.seen[address] = self.shapes[key]
        self.check_filled(bodies, person, address)

    def shape(self, bodies: dict[str, str], person: dict[str, Any], address: str) -> list[Placed]:
        """What this content shows: it is the same for all its readers, whose values are few words and tokens."""
        page = fill(bodies["text/html"], person.get("substitutions", {}))
        mail = Mail(self.ids)
        mail.feed(page)
        plain = fill(bodies["text/plain"], person.get("substitutions", {}))
        in_text = [item for line in plain.splitlines() if (item := mail.item_of(line.strip()))]
        if in_text != list(mail.placed):
            self.faults.append(f"{address}: the text has {in_text}, the page {list(mail.placed)}")
        text = squeezed(plain)
        visible = squeezed(html.unescape(re.sub(r"<[^>]*>", " ", page)))
        for item in mail.placed:
            if self.titles[item] not in visible or self.titles[item] not in text:
                self.faults.append(f"{address}: the title of {item} is not in both parts")
        for item in self.issue["items"]:
            for part in (visible, text):
                self.check_body(item, mail.placed.get(item["id"]), part, address)
        return list(mail.placed.items())

    def check_body(self, item: dict[str, Any], form: str | None, visible: str, address: str) -> None:
        """In full means that words of the item stand there; as a line, or absent, that they do not."""
        openings = [squeezed(item["summary"])] + [squeezed(b["text"]) for b in item["body"][:1] if b["kind"] != "table"]
        there = any(opening and opening in visible for opening in openings)
        if form == "full" and any(openings) and not there:
            self.faults.append(f"{address}: {item['id']} stands in full without a word of it")
        if form != "full" and there:
            self.faults.append(f"{address}: words of {item['id']} stand there, which is {form or 'not in the mail'}")

    def check_filled(self, bodies: dict[str, str], person: dict[str, Any], address: str) -> None:
        for tag in re.findall(r"-nl[0-9a-f]+_\w+-", bodies["text/html"] + bodies["text/plain"]):
            if tag not in person.get("substitutions", {}) and not tag.endswith("_open-"):
                self.faults.append(f"{address}: the tag {tag} is left over")
                return

    def compare(self, rows: list[dict[str, str]], aliases: dict[str, str]) -> None:
        self.selections = len(
            {(frozenset(picked(row["sections"])), frozenset(picked(row["categories"]))) for row in rows}
        )
        wanted = {row["email"].lower(): expected(self.issue, row, aliases) for row in rows}
        for address, placed in wanted.items():
            copies = self.copies[address]
            if copies != (1 if placed else 0):
                self.faults.append(f"{address}: {copies} copies, {len(placed)} items expected")
            elif placed and self.seen[address] != placed:
                self.faults.append(f"{address}: got {self.seen[address]}, expected {placed}")
        self.faults += [f"{address}: not in the CSV" for address in self.copies.keys() - wanted.keys()]
        self.compare_requests(rows, wanted)

    def compare_requests(self, rows: list[dict[str, str]], wanted: dict[str, list[Placed]]) -> None:
        """Readers of equal items, language and tracking share a content: so many requests and no more."""
        readers_of = Counter(
            (tuple(placed), row["language"], row["tracking"])
            for row in rows
            if (placed := wanted[row["email"].lower()])
        )
        needed = sum(-(-readers // self.batch_size) for readers in readers_of.values())
        if self.requests != needed:
            self.faults.append(f"{self.requests} requests, {needed} needed")
        if len(self.readers_of) != len(readers_of):
            self.faults.append(f"{len(self.readers_of)} contents, {len(readers_of)} needed")

    def summary(self) -> dict[str, Any]:
        kinds: defaultdict[str, int] = defaultdict(int)
        for placed in self.seen.values():
            for _, form in placed:
                kinds[form] += 1
        return {
            "readers": len(self.copies),
            "requests": self.requests,
            "contents": len(self.readers_of),
            "selections": self.selections,
            "items": dict(kinds),
            "faults": len(self.faults),
            "first_faults": self.faults[:MAX_SHOWN],
        }


def squeezed(text: str) -> str:
    """Without white space and soft marks, so that wrapping does not matter; orphaned footnote stars go as well."""
    return re.sub(r"[\s*\u200b\u00ad]+", "", text)


def main(arguments: list[str]) -> int:
    directory, rows, issue, batch_size, *pairs = arguments
    aliases = dict(pair.split("=", 1) for pair in pairs)
    with Path(rows).open(encoding="utf-8", newline="") as file:
        readers = list(csv.DictReader(file))
    judge = Judge(Path(directory), json.loads(Path(issue).read_text(encoding="utf-8")), int(batch_size))
    judge.read()
    judge.compare(readers, aliases)
    print(json.dumps(judge.summary(), ensure_ascii=False, indent=2))  # noqa: T201 -- this is its answer
    return 1 if judge.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
