"""Addresses that stand in an email. Pure; the web routes match these exactly."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Links:
    """All addresses of one campaign. Tokens are URL-safe already and go in as they are: they may be placeholders."""

    base_url: str
    """Where the site answers, without a final slash; the constructor takes one away."""
    list_slug: str
    issue_key: str
    campaign_ref: str
    """Opaque public name of the campaign; the same in every reader's mail."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))

    def issue(self) -> str:
        """The whole issue on the web."""
        return f"{self.base_url}/issues/{_part(self.list_slug)}/{_part(self.issue_key)}"

    def item(self, item_id: str) -> str:
        """One item on the web: the same address for every reader."""
        return f"{self.issue()}/{_part(item_id)}"

    def pixel(self) -> str:
        """The one image of `aggregate` tracking: the same address for every reader of the campaign."""
        return f"{self.base_url}/o/{_part(self.campaign_ref)}.gif"

    def preferences(self, token: str) -> str:
        """A reader's preference page."""
        return f"{self.base_url}/p/{token}"

    def unsubscribe(self, token: str) -> str:
        """Leaving the list: a page with a button, and the one-click address of the header."""
        return f"{self.base_url}/u/{token}"

    def web_copy(self, token: str) -> str:
        """This very email, on the web."""
        return f"{self.base_url}/m/{token}"

    def click(self, token: str, n: int) -> str:
        """A reader's own link to the item at position `n` of the issue, from 1 (`individual` tracking only)."""
        return f"{self.base_url}/c/{token}/{n}"


def _part(text: str) -> str:
    """One segment of a path. What UTF-8 can't hold becomes a question mark, and the address leads nowhere."""
    return quote(text, safe="", errors="replace")
