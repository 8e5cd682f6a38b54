"""The events SendGrid would post about a mail, in the members and types seen on its wire.

Custom arguments are flattened to the top level, and a reserved name wins over one of them. Ids of delivery events
follow from the mail, so telling the same fact twice gives the same id; ids of opens and clicks are drawn.
"""

import base64
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from newsletter.sandbox.mail import Mail

SERVER: Final = "recvd-5f54b5d587-abcde-1-69D759AA-14"
MAIL_HOST: Final = "geopod-ismtpd-51"
ACCOUNT: Final = "12345678"
HUMAN_AGENT: Final = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
MACHINE_AGENT: Final = "Mozilla/5.0"
SENDING_IP: Final = "192.0.2.10"
READER_IP: Final = "198.51.100.7"
MACHINE_IP: Final = "198.51.100.8"

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """When an event happens and what is particular about it. `at` is in Unix seconds."""

    at: int
    attempt: int = 1
    machine: bool = False
    reason: str = ""
    url: str = ""


def event_of(kind: str, mail: Mail, moment: Moment, draw: random.Random) -> Event:
    """The event `kind` of `mail`, ready to be posted."""
    maker = _MAKERS[kind]
    return maker(mail, moment, draw)


def drawn_id(draw: random.Random) -> str:
    """An id like those of opens and clicks: 22 base64url characters."""
    return _encoded(draw.randbytes(16))


def status_change(at: int) -> Event:
    """The one event about the account and not about a mail."""
    made = _encoded(f"{ACCOUNT}-suspend-{at}".encode())
    return {"event": "account_status_change", "sg_event_id": made, "timestamp": at, "type": "compliance_suspend"}


def unknown_type(mail: Mail, at: int, draw: random.Random) -> Event:
    """An event of a type and with members that nobody has documented; receivers must survive it."""
    return {
        **_about(mail, "telepathy", at, drawn_id(draw)),
        "odd": [None, {"deep": [1, 2.5, "three"]}],
        "timestamp_ms": at * 1000,
    }


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _fixed_id(what: str, mail: Mail) -> str:
    return _encoded(f"{what}-{ACCOUNT}-{mail.message_id}-{mail.number}".encode())


def _about(mail: Mail, name: str, at: int, event_id: str) -> Event:
    """What every event about a mail carries; later members overwrite custom arguments of the same name."""
    about: Event = dict(mail.custom_args)
    about |= {
        "email": mail.address,
        "timestamp": at,
        "event": name,
        "sg_event_id": event_id,
        "sg_message_id": f"{mail.message_id}.{SERVER}.{mail.number}",
    }
    if mail.categories:
        about["category"] = list(mail.categories)
    return about


def _on_the_way(mail: Mail, name: str, at: int, event_id: str) -> Event:
    return {**_about(mail, name, at, event_id), "smtp-id": f"<{mail.message_id}@{MAIL_HOST}>"}


def _processed(mail: Mail, moment: Moment, _: random.Random) -> Event:
    return {
        **_on_the_way(mail, "processed", moment.at, _fixed_id("processed", mail)),
        "send_at": mail.send_at,
    }


def _dropped(mail: Mail, moment: Moment, _: random.Random) -> Event:
    event = _on_the_way(mail, "dropped", moment.at, _fixed_id("drop", mail))
    return {**event, "reason": moment.reason, "status": "5.0.0"}


def _delivered(mail: Mail, moment: Moment, _: random.Random) -> Event:
    event = _on_the_way(mail, "delivered", moment.at, _fixed_id("delivered-0", mail))
    answer = f"250 2.0.0 OK {moment.at} - smtp.example.net"
    return {**event, "ip": SENDING_IP, "response": answer, "tls": 1}


def _deferred(mail: Mail, moment: Moment, _: random.Random) -> Event:
    event = _on_the_way(mail, "deferred", moment.at, _fixed_id(f"deferred-{moment.attempt}", mail))
    return {
        **event,
        "response": "451 4.7.1 try again later",
        "attempt": str(moment.attempt),
        "domain": mail.address.rpartition("@")[2],
        "from": mail.sender["email"],
        "tls": 0,
    }


def _bounce(mail: Mail, moment: Moment, _: random.Random) -> Event:
    event = _on_the_way(mail, "bounce", moment.at, _fixed_id("bounce-0", mail))
    return {
        **event,
        "type": "bounce",
        "status": "5.1.1",
        "reason": "550 5.1.1 user unknown",
        "bounce_classification": "Invalid Address",
        "ip": SENDING_IP,
        "tls": 1,
    }


def _blocked(mail: Mail, moment: Moment, _: random.Random) -> Event:
    event = _on_the_way(mail, "bounce", moment.at, _fixed_id("bounce-0", mail))
    return {
        **event,
        "type": "blocked",
        "status": "5.7.1",
        "reason": "550 5.7.1 message refused by policy",
        "bounce_classification": "Reputation",
        "ip": SENDING_IP,
        "tls": 1,
    }


def _blocked_without_status(mail: Mail, moment: Moment, _: random.Random) -> Event:
    event = _on_the_way(mail, "bounce", moment.at, _fixed_id("bounce-4", mail))
    return {
        **event,
        "type": "blocked",
        "reason": "unable to get mx info: no such host",
        "bounce_classification": "Unclassified",
        "tls": 0,
    }


def _expired(mail: Mail, moment: Moment, _: random.Random) -> Event:
    event = _on_the_way(mail, "bounce", moment.at, _fixed_id("bounce-4", mail))
    return {
        **event,
        "type": "blocked",
        "status": "4.7.1",
        "reason": "451 4.7.1 gave up after three attempts",
        "bounce_classification": "Technical",
        "ip": SENDING_IP,
        "tls": 0,
    }


def _asynchronous_bounce(mail: Mail, moment: Moment, draw: random.Random) -> Event:
    """It comes back by mail days later: no message id, no custom arguments, only the address."""
    return {
        "email": mail.address,
        "timestamp": moment.at,
        "event": "bounce",
        "sg_event_id": drawn_id(draw),
        "type": "bounce",
        "reason": "550 mailbox unavailable",
        "status": "5.0.0",
        "bounce_classification": "Mailbox Unavailable",
    }


def _engaged(mail: Mail, name: str, moment: Moment, draw: random.Random) -> Event:
    return {
        **_about(mail, name, moment.at, drawn_id(draw)),
        "ip": MACHINE_IP if moment.machine else READER_IP,
        "useragent": MACHINE_AGENT if moment.machine else HUMAN_AGENT,
        "sg_content_type": "html",
    }


def _open(mail: Mail, moment: Moment, draw: random.Random) -> Event:
    return {**_engaged(mail, "open", moment, draw), "sg_machine_open": moment.machine}


def _click(mail: Mail, moment: Moment, draw: random.Random) -> Event:
    offset = {"index": 0, "type": "html"}
    return {**_engaged(mail, "click", moment, draw), "url": moment.url, "url_offset": offset}


def _complaint(mail: Mail, moment: Moment, draw: random.Random) -> Event:
    return _about(mail, "spamreport", moment.at, drawn_id(draw))


def _unsubscribe(mail: Mail, moment: Moment, draw: random.Random) -> Event:
    return _about(mail, "unsubscribe", moment.at, drawn_id(draw))


_MAKERS: Final[dict[str, Callable[[Mail, Moment, random.Random], Event]]] = {
    "processed": _processed,
    "dropped": _dropped,
    "delivered": _delivered,
    "deferred": _deferred,
    "bounce": _bounce,
    "blocked": _blocked,
    "blocked_without_status": _blocked_without_status,
    "expired": _expired,
    "asynchronous_bounce": _asynchronous_bounce,
    "open": _open,
    "click": _click,
    "spamreport": _complaint,
    "unsubscribe": _unsubscribe,
}
