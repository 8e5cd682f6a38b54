"""What a reader (or a reader's mail program) does with a mail: opens, clicks, complains, unsubscribes.

Requests that a mail program would make go to this machine only: the stand-in reaches out to nobody.
"""

import html
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx

from newsletter.sandbox import clock
from newsletter.sandbox.chance import drawn_for, happens
from newsletter.sandbox.desk import Desk
from newsletter.sandbox.mail import Mail, body_of, mails_of
from newsletter.sandbox.options import is_loopback
from newsletter.sandbox.outcomes import SUPPRESSES
from newsletter.sandbox.telling import Told, engagement

_LINK: Final = re.compile(r"""<a\b[^>]*?\bhref\s*=\s*["'](https?://[^"']+)["']""", re.IGNORECASE)
_IMAGE: Final = re.compile(r"""<img\b[^>]*?\bsrc\s*=\s*["'](https?://[^"']+)["']""", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"<(https?://[^>]+)>")
_ONE_CLICK: Final = {"List-Unsubscribe": "One-Click"}
BROWSER: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)
"""What people's requests say of themselves: as a tool's they would, rightly, not count as theirs."""


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of an audience does what; each between 0 and 1, drawn per address from the seed."""

    opens: float = 0.0
    machine_opens: float = 0.0
    clicks: float = 0.0
    complaints: float = 0.0
    seed: int = 1


@dataclass(slots=True)
class Deeds:
    """What an audience did."""

    delivered: int = 0
    opens: int = 0
    machine_opens: int = 0
    clicks: int = 0
    links_followed: int = 0
    images_loaded: int = 0
    """From the sender's own site, such as a shared image that counts."""
    complaints: int = 0


class Reader:
    """Acts for people, one mail or a whole audience at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._http = httpx.Client(timeout=10, trust_env=False, headers={"User-Agent": BROWSER})

    def opens(self, mail: Mail, *, machine: bool = False) -> bool:
        """An open, if it can be seen: without SendGrid's pixel nobody learns of it."""
        if mail.opens_tracked:
            self._desk.tell([engagement(mail, "open", clock.now(), machine=machine)])
        return mail.opens_tracked

    def complains(self, mail: Mail) -> None:
        """Marks the mail as spam; the address is suppressed from then on."""
        self._desk.tell([engagement(mail, "spamreport", clock.now())])
        self._desk.store.suppress([(mail.address, SUPPRESSES["spamreport"])])

    def unsubscribes(self, mail: Mail) -> str:
        """One click in the mail program (RFC 8058); what came of it, in words."""
        headers = {name.lower(): value for name, value in mail.headers.items()}
        offered = _ADDRESS.search(headers.get("list-unsubscribe", ""))
        if offered is None or "one-click" not in headers.get("list-unsubscribe-post", "").lower():
            return "This mail offers no one-click unsubscription."
        return self._request("POST", offered.group(1), _ONE_CLICK)

    def crowd(self, shares: Shares) -> Deeds:
        """Let shares of everyone whose mail was delivered act, each by their own draw."""
        deeds = Deeds()
        for place in self._desk.store.places():
            entry = self._desk.journal.read(place)
            if entry is not None:
                self._desk.tell(self._acts(self._delivered(list(mails_of(entry))), shares, deeds))
        return deeds

    def _delivered(self, mails: list[Mail]) -> list[Mail]:
        kinds = self._desk.store.kinds_of_request(mails[0].message_id) if mails else {}
        return [mail for mail in mails if "delivered" in kinds.get(mail.id, ())]

    def _acts(self, mails: list[Mail], shares: Shares, deeds: Deeds) -> list[Told]:
        told: list[Told] = []
        at = clock.now()
        for mail in mails:
            draw = drawn_for(shares.seed, "crowd", mail.address)
            deeds.delivered += 1
            if mail.opens_tracked and happens(draw, shares.machine_opens):
                deeds.machine_opens += 1
                told.append(engagement(mail, "open", at, machine=True))
            if happens(draw, shares.opens):
                told += self._look(mail, at, deeds)
            if happens(draw, shares.complaints):
                deeds.complaints += 1
                told.append(engagement(mail, "spamreport", at))
                self._desk.store.suppress([(mail.address, SUPPRESSES["spamreport"])])
            if happens(draw, shares.clicks) and (links := self._found(_LINK, mail)):
                told += self._click(mail, draw.choice(links), at, deeds)
        return told

    def _look(self, mail: Mail, at: float, deeds: Deeds) -> list[Told]:
        """The mail is shown with its pictures; SendGrid learns of it only where its own pixel is among them."""
        deeds.images_loaded += sum(self._request("GET", image).startswith("2") for image in self._found(_IMAGE, mail))
        if not mail.opens_tracked:
            return []
        deeds.opens += 1
        return [engagement(mail, "open", at)]

    def _click(self, mail: Mail, link: str, at: float, deeds: Deeds) -> list[Told]:
        """The link is followed; SendGrid learns of it only where it rewrote the links."""
        deeds.links_followed += self._request("GET", link).startswith(("2", "3"))
        if not mail.clicks_tracked:
            return []
        deeds.clicks += 1
        return [engagement(mail, "click", at, url=link)]

    def _found(self, what: re.Pattern[str], mail: Mail) -> list[str]:
        body = body_of(mail, self._desk.journal.contents.load(mail.content), "text/html")
        return [html.unescape(address) for address in what.findall(body)]

    def _request(self, method: str, address: str, form: dict[str, str] | None = None) -> str:
        """The status and its phrase, or why nothing was asked."""
        if not is_loopback(urlsplit(address).hostname or ""):
            return f"Not asked: {address} is not on this machine."
        try:
            answer = self._http.request(method, address, data=form)
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}"
        return f"{answer.status_code} {answer.reason_phrase}"
