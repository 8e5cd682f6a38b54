"""What a campaign fixes about its emails besides the content, for one language and one tracking choice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from newsletter.errors import RenderError
from newsletter.rendering.links import Links

Language = Literal["ko", "en"]
Tracking = Literal["aggregate", "individual", "none"]

_NONCE = re.compile(r"[0-9a-f]{8,32}")
_LABEL_LOOK_ALIKE = re.compile(r"[\[({（［【〔]\s*광\s*고\s*[\])}）］】〕]")
ADVERTISING_LABEL = "(광고)"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who sends: what the law wants named in an advertising mail, and what the masthead says."""

    publication: str
    publication_en: str
    from_name: str
    from_email: str
    reply_to: str | None = None
    postal_address: str = ""
    phone: str = ""

    def missing(self) -> tuple[str, ...]:
        """Names of the facts an advertising mail must state and that are not there (Network Act, article 50(4))."""
        wanted = ("from_name", "from_email", "postal_address", "phone")
        return tuple(name for name in wanted if not getattr(self, name).strip())


@dataclass(frozen=True, slots=True)
class Look:
    """Everything a variant needs besides its items. One `Look` is one superset compile."""

    language: Language
    tracking: Tracking
    publisher: Publisher
    links: Links
    nonce: str
    """8 to 32 hexadecimal digits, fixed per campaign: the personal tags are built from it."""
    advertising: bool = False
    section_names: Mapping[str, str] = field(default_factory=dict)
    """Section key → its name in this language; a key that is not here keeps the issue's own title."""
    category_names: Mapping[str, str] = field(default_factory=dict)
    """Category as the content has it → its name in this language."""
    subject: str | None = None
    """The editor's own subject, instead of the one made of titles."""
    note: str | None = None
    """The editor's words above the items; paragraphs are parted by empty lines."""
    why: str = ""
    """The sentence saying why this reader gets the mail."""

    def __post_init__(self) -> None:
        if not _NONCE.fullmatch(self.nonce):
            raise RenderError(f"The nonce {self.nonce!r} must be 8 to 32 hexadecimal digits.")
        if not self.advertising:
            return
        if missing := self.publisher.missing():
            raise RenderError(f"An advertising mail must name its sender: set {', '.join(missing)}.")
        own = (self.subject or "").strip()
        if not own.startswith(ADVERTISING_LABEL) and _LABEL_LOOK_ALIKE.match(own):
            raise RenderError(
                f"The subject {own!r} starts with a look-alike of {ADVERTISING_LABEL}. Leave the label out; "
                "it is added to advertising by itself."
            )
