"""From an issue and a campaign's look to the words of every variant.

`Renderer` compiles the superset once; `variant` joins pieces, which costs tens of microseconds. What depends on the
person is a tag in the result (`personal.py`).
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from jinja2 import BaseLoader
from markupsafe import escape

from newsletter.errors import RenderError
from newsletter.issues.content import Content, Placement
from newsletter.rendering.context import Choice, Issue
from newsletter.rendering.digest import TEXT_SLOTS, Digest, html_keys, text_keys
from newsletter.rendering.environment import template_hash
from newsletter.rendering.fragments import Fragments, Parts, Superset, split, stand_ins
from newsletter.rendering.look import Look
from newsletter.rendering.mjml import compile_mjml
from newsletter.rendering.personal import Personal, tags
from newsletter.rendering.subject import subject

BUDGET = 75_000
"""Bytes of HTML a variant should have. Some mailboxes clip at about 102 KB, and the end holds the way out."""
HARD_LIMIT = 95_000
"""Bytes of HTML above which nothing is sent."""
TAG_ALLOWANCE = 64
"""Bytes by which a reader's value may be longer than its tag."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The words of one variant, its personal tags unfilled."""

    subject: str
    preheader: str
    html: str
    text: str
    full_count: int
    line_count: int


class Renderer:
    """Renders the variants of one issue in one look. Raises `RenderError` for what no variant could hold."""

    def __init__(self, content: Content, look: Look, loader: BaseLoader | None = None) -> None:
        self.look = look
        self.template_hash = template_hash()
        self._content = content
        self._issue = Issue.of(content, look)
        self._digest = Digest(self._issue, look, loader)
        self._html, self._text = self._fragments()
        self._start_weight = self._weigh(self._html.start)
        self._weights = {key: self._weigh(parts) for key, parts in self._html.parts.items()}
        self._require_own_tags()

    def variant(self, placements: Sequence[Placement]) -> Rendered:
        """The words of these items, which stand in mail order: articles and clippings in full, then lines."""
        choice = self._choice(placements)
        values = self._digest.slot_values(choice)
        keys = html_keys(choice)
        if (weight := self._weight(keys, values)) > HARD_LIMIT:
            raise RenderError(self._too_heavy(placements, weight))
        safe = {name: str(escape(value)) for name, value in values.items()}
        html, text = self._html.join(keys, safe), self._text.join(text_keys(choice), values)
        return self._rendered(choice, values["preheader"], html, text)

    def fit(
        self, placements: Sequence[Placement], budget: int = BUDGET
    ) -> tuple[tuple[Placement, ...], tuple[str, ...]]:
        """The placements with so many items as lines, from the last full one up, that the HTML keeps the budget.

        Also the ids of the items that became lines, in that order. Where even lines alone are over the budget they
        stand; above 95 KB it raises.
        """
        fitting = tuple(placements)
        turned: list[str] = []
        while (weight := self._weight_of(fitting)) > budget:
            last = next((p for p in reversed(fitting) if p.form == "full"), None)
            if last is None:
                break
            turned.append(last.item)
            fitting = self._with_line(fitting, last)
        if weight > HARD_LIMIT:
            raise RenderError(self._too_heavy(fitting, weight))
        return fitting, tuple(turned)

    def mjml(self, placements: Sequence[Placement], personal: Personal) -> str:
        """The MJML of the whole mail with a reader's own values."""
        return self._digest.mjml(self._choice(placements), personal)

    def whole(self, placements: Sequence[Placement], personal: Personal) -> Rendered:
        """The mail compiled as a whole for one reader: what a joined variant must equal once it is filled."""
        choice = self._choice(placements)
        html = compile_mjml(self._digest.mjml(choice, personal))
        before = self._digest.slot_values(choice)["preheader"]
        return self._rendered(choice, before, html, self._digest.text(choice, personal))

    def weights(self) -> dict[str, int]:
        """Item id → bytes of HTML it takes in full, for an editor who has to shorten something."""
        return {view.id: self._weights[f"i{view.n}"] for view in self._issue.views.values()}

    def _choice(self, placements: Sequence[Placement]) -> Choice:
        if not placements:
            raise RenderError("A mail without items is never sent.")
        for item, count in Counter(placement.item for placement in placements).items():
            if item not in self._issue.views:
                raise RenderError(f"The issue {self._content.key} has no item {item!r}.")
            if count > 1:
                raise RenderError(f"The item {item!r} is placed {count} times.")
        return Choice.of(self._issue, placements)

    def _rendered(self, choice: Choice, before: str, html: str, text: str) -> Rendered:
        return Rendered(
            subject=subject(self.look, choice.titles),
            preheader=before,
            html=html,
            text=text,
            full_count=choice.full_count,
            line_count=len(choice.lines),
        )

    def _with_line(self, placements: Iterable[Placement], turned: Placement) -> tuple[Placement, ...]:
        full = [p for p in placements if p.form == "full" and p != turned]
        lines = [p for p in placements if p.form == "line"] + [replace(turned, form="line")]
        return (*full, *sorted(lines, key=lambda p: self._issue.views[p.item].n))

    def _weight_of(self, placements: Sequence[Placement]) -> int:
        choice = self._choice(placements)
        return self._weight(html_keys(choice), self._digest.slot_values(choice))

    def _weight(self, keys: Iterable[str], values: Mapping[str, str]) -> int:
        """Bytes of the HTML once it is filled, at most: joining is exact, so the pieces add up."""
        words = sum(len(str(escape(value)).encode()) for value in values.values())
        return self._start_weight + sum(map(self._weights.__getitem__, keys)) + words

    def _weigh(self, parts: Parts) -> int:
        literals = parts[::2]
        tag_count = sum(literal.count(tags(self.look.nonce).prefix) for literal in literals)
        return sum(len(literal.encode()) for literal in literals) + tag_count * TAG_ALLOWANCE

    def _too_heavy(self, placements: Iterable[Placement], weight: int) -> str:
        sizes = {p.item: self._weights[f"{_PIECE[p.form]}{self._issue.views[p.item].n}"] for p in placements}
        heaviest = max(sizes, key=sizes.__getitem__)
        return (
            f"This mail would have {weight:,} bytes of HTML, more than the {HARD_LIMIT:,} that mailboxes show whole. "
            f"The heaviest item is {heaviest!r} with {sizes[heaviest]:,} bytes: shorten it."
        )

    def _fragments(self) -> tuple[Fragments, Fragments]:
        """HTML and text of the whole issue in pieces; an item that can't be rendered is named."""
        nonce = secrets.token_hex(8)
        slots = stand_ins(nonce, self._digest.html_slots)
        try:
            source, text = self._digest.superset(nonce, slots)
            output = compile_mjml(source)
        except RenderError as error:
            raise RenderError(f"{self._culprit()}{error}") from error
        bare = compile_mjml(self._digest.mjml(Choice.nothing()))
        return (
            split(Superset(nonce, source, output, bare), self._digest.html_pieces(), slots),
            split(
                Superset(nonce, text, text, is_html=False),
                self._digest.text_pieces(),
                {name: slots[name] for name in TEXT_SLOTS},
            ),
        )

    def _culprit(self) -> str:
        """The first item that can't be rendered by itself, as the beginning of a message; none if nothing can be."""
        if not self._renders(Choice.nothing()):
            return ""
        for item in self._content.items:
            if not self._renders(Choice.of(self._issue, [Placement(item.id, "full")])):
                return f"The item {item.id!r} can't be rendered. "
        return ""

    def _renders(self, choice: Choice) -> bool:
        try:
            compile_mjml(self._digest.mjml(choice))
            self._digest.text(choice)
        except RenderError:
            return False
        return True

    def _require_own_tags(self) -> None:
        """Nothing but our own links may look like a personal tag: a provider would replace it."""
        tag = tags(self.look.nonce)
        for view in self._issue.views.values():
            for pieces in (self._html, self._text):
                found = "".join("".join(pieces.parts[f"{kind}{view.n}"]) for kind in _PIECE.values())
                if found.count(tag.prefix) != found.count(f"/c/{tag.click}/"):
                    raise RenderError(
                        f"The item {view.id!r} holds a personal tag of this campaign: choose a new nonce."
                    )
        for name in ("note", "why", "subject"):
            if tag.prefix in (getattr(self.look, name) or ""):
                raise RenderError(f"The {name} holds a personal tag of this campaign: choose a new nonce.")


_PIECE = {"full": "i", "line": "l"}
