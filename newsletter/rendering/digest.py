"""The digest mail: its templates filled for a choice of items, and the keys and slot values of a variant's pieces.

Slots are what depends on the variant; what depends on the person is a tag, or in a whole mail the value itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import BaseLoader, Template, TemplateError

from newsletter.errors import RenderError
from newsletter.rendering import phrases as chrome
from newsletter.rendering.context import Choice, Issue, paragraphs
from newsletter.rendering.environment import markup_environment, text_environment
from newsletter.rendering.escaping import one_line
from newsletter.rendering.look import Look
from newsletter.rendering.personal import Personal, fill, substitutions, tags
from newsletter.rendering.subject import preheader

PER_TABLE = 3
"""Items in one layout table; body.mjml says why."""
TEXT_SLOTS = ("counts", "rest")


class Digest:
    """The templates of the digest for one issue and look."""

    def __init__(self, issue: Issue, look: Look, loader: BaseLoader | None = None) -> None:
        self._issue = issue
        self._look = look
        self.title = f"{issue.publication} {issue.name}"
        self.html_slots = ("preheader", *TEXT_SLOTS, *(f"toc{group.n}" for group in issue.headings.values()))
        self._fixed = _fixed(issue, look, self.title)
        self._tags = _tagged(look.nonce)
        try:
            self._mjml = markup_environment(loader).get_template("digest/body.mjml")
            self._text = text_environment(loader).get_template("digest/body.txt")
        except TemplateError as error:
            raise _broken(error) from error

    def mjml(self, choice: Choice, personal: Personal | None = None) -> str:
        """The MJML of a whole mail, with tags where no person is given."""
        return self._filled(self._mjml, choice, personal, self._tags[0])

    def text(self, choice: Choice, personal: Personal | None = None) -> str:
        """The plain text of a whole mail, likewise."""
        return self._filled(self._text, choice, personal, self._tags[1])

    def superset(self, mark: str, slots: Mapping[str, str]) -> tuple[str, str]:
        """MJML and plain text of the whole issue, in pieces marked with `mark`, its slots holding these values."""
        everything = Choice.superset(self._issue)
        return (
            self._render(self._mjml, everything, self._tags[0], slots, mark),
            self._render(self._text, everything, self._tags[1], slots, mark),
        )

    def html_pieces(self) -> set[str]:
        """The keys of all pieces that an HTML variant may be made of."""
        groups = {f"{kind}{group.n}" for group in self._issue.headings.values() for kind in "tb"}
        return self.text_pieces() | groups | {"toc", "tocend"}

    def text_pieces(self) -> set[str]:
        """The same for plain text."""
        groups = {f"{kind}{group.n}" for group in self._issue.headings.values() for kind in "se"}
        items = {f"{kind}{view.n}" for view in self._issue.views.values() for kind in "il"}
        return groups | items | {"body", "lines", "linesend", "archive", "z"}

    def slot_values(self, choice: Choice) -> dict[str, str]:
        """What stands in the slots of a variant, unescaped."""
        shown = len(choice.titles)
        values = {
            "preheader": preheader(choice.titles, self.title),
            "counts": chrome.counts(self._look.language, shown, shown + choice.rest, choice.minutes()),
            "rest": str(choice.rest),
        }
        for group in choice.groups:
            values[f"toc{group.n}"] = str(len(group.entries))
        return values

    def _filled(self, template: Template, choice: Choice, personal: Personal | None, tagged: Personal) -> str:
        source = self._render(template, choice, personal or tagged, self.slot_values(choice))
        if personal is None:
            return source
        return fill(source, substitutions(self._look.nonce, personal, self._look.tracking))

    def _render(
        self, template: Template, choice: Choice, person: Personal, slots: Mapping[str, str], mark: str = ""
    ) -> str:
        variable: dict[str, Any] = {
            "mark": mark,
            "preheader": slots["preheader"],
            "counts": slots["counts"],
            "archive_line": chrome.archive(self._look.language, slots["rest"]),
            "toc": {group.n: slots[f"toc{group.n}"] for group in choice.groups},
            "picks": one_line(person.picks),
            "url": self._addresses(person),
            "groups": choice.groups,
            "lines": choice.lines,
            "shows_toc": choice.shows_toc,
            "rest": choice.rest,
        }
        try:
            return template.render(self._fixed | variable)
        except (TemplateError, TypeError, ValueError) as error:
            raise _broken(error) from error

    def _addresses(self, person: Personal) -> dict[str, str]:
        links = self._look.links
        return {
            "issue": links.issue(),
            "preferences": links.preferences(person.preferences),
            "unsubscribe": links.unsubscribe(person.unsubscribe),
            "web_copy": links.web_copy(person.web_copy),
        }


def html_keys(choice: Choice) -> list[str]:
    """The pieces of a choice's HTML, in order."""
    toc = ["toc", *(f"t{group.n}" for group in choice.groups), "tocend"] if choice.shows_toc else []
    return toc + _keys(choice, PER_TABLE)


def text_keys(choice: Choice) -> list[str]:
    """The pieces of a choice's plain text: the same order, without the list of headings and layout tables."""
    return _keys(choice, 0)


def _keys(choice: Choice, per_table: int) -> list[str]:
    keys = ["body"]
    for group in choice.groups:
        keys.append(f"s{group.n}")
        for n, view in enumerate(group.entries):
            if per_table and n and n % per_table == 0:
                keys.append(f"b{group.n}")
            keys.append(f"i{view.n}")
        keys.append(f"e{group.n}")
    if choice.lines:
        keys += ["lines", *(f"l{view.n}" for view in choice.lines), "linesend"]
    if choice.rest:
        keys.append("archive")
    return [*keys, "z"]


def _fixed(issue: Issue, look: Look, title: str) -> dict[str, Any]:
    """What all variants of one look share."""
    say = chrome.phrases(look.language)
    tag = tags(look.nonce)
    return {
        "language": look.language,
        "other_language": "en" if look.language == "ko" else "ko",
        "title": title,
        "publication": issue.publication,
        "below": " · ".join(filter(None, (issue.name, issue.published))),
        "say": say,
        "note": paragraphs(look.note),
        "why": one_line(look.why),
        "publisher": look.publisher,
        "tracking_state": say.tracking[look.tracking],
        "pixel": look.links.pixel() if look.tracking == "aggregate" else "",
        "open_tag": tag.open if look.tracking == "individual" else "",
    }


def _tagged(nonce: str) -> tuple[Personal, Personal]:
    """Tags in place of a person: for HTML, for plain text."""
    tag = tags(nonce)
    links = (tag.preferences, tag.unsubscribe, tag.web_copy)
    return Personal(tag.picks_html, *links), Personal(tag.picks_text, *links)


def _broken(error: Exception) -> RenderError:
    place = f" in {error.name} line {error.lineno}" if hasattr(error, "lineno") and hasattr(error, "name") else ""
    return RenderError(f"The email template can't be filled{place}: {error}. Correct it in templates/email.")
