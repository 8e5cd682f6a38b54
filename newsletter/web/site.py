"""What all routes of the site share, and how they reach it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from starlette.requests import Request

from newsletter.delivery.compose import Composer, Sender
from newsletter.events.sendgrid import Verifier
from newsletter.issues import content_json
from newsletter.issues.content import Content
from newsletter.jobs.product import Product
from newsletter.kit.tokens import BadToken, Purpose
from newsletter.web.commit import GroupCommit
from newsletter.web.hits import HitWriter, NewHit
from newsletter.web.mask import cut_ip
from subscribers.consent import Evidence

Kept = TypeVar("Kept")
_KEPT_ISSUES = 64


class Shelf(Generic[Kept]):
    """Remembers what never changes, up to a number of things; threads share it."""

    def __init__(self, size: int = _KEPT_ISSUES) -> None:
        self._size = size
        self._things: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """The thing of that key, made where it is not here yet."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
                return self._things[key]
        made = make()
        with self._lock:
            self._things[key] = made
            while len(self._things) > self._size:
                self._things.popitem(last=False)
        return made


@dataclass(frozen=True, slots=True)
class Site:
    """The product, and what the site keeps besides."""

    product: Product
    verifier: Verifier
    composer: Composer
    hits: GroupCommit[NewHit]
    contents: Shelf[Content]
    targets: Shelf[tuple[str, ...]]

    @classmethod
    def of(cls, product: Product) -> Site:
        """Raises `SettingsError` for a webhook key that can't be read."""
        return cls(
            product=product,
            verifier=Verifier.parse(product.settings.sendgrid_webhook_public_keys),
            composer=Composer(Sender.of(product.settings), product.keys),
            hits=GroupCommit(HitWriter(product.database, product.clock)),
            contents=Shelf(),
            targets=Shelf(),
        )

    def content(self, version_id: int | None, read: Callable[[], str]) -> Content:
        """An issue version, read once: versions never change."""
        return self.contents.get(version_id, lambda: content_json.load(read()))


def site_of(request: Request) -> Site:
    """The site that answers this request."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


def numbers_of(request: Request, purpose: Purpose, count: int) -> tuple[int, ...]:
    """The numbers in the path's token. Raises `BadToken` for anything but a token of this purpose."""
    numbers = site_of(request).product.keys.verify(purpose, request.path_params["token"])
    if len(numbers) != count or any(number >= 1 << 63 for number in numbers):
        raise BadToken
    return numbers


def evidence(request: Request, text_version: str | None = None, text_hash: str | None = None) -> Evidence:
    """What a consent record keeps of the request that made it."""
    return Evidence(
        ip=cut_ip(request.client.host) if request.client else None,
        user_agent=request.headers.get("user-agent"),
        text_version=text_version,
        text_hash=text_hash,
    )
