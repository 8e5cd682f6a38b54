"""SendGrid's Mail Send, and the stand-in that speaks like it: the same class with another host.

Host, headers and exceptions come from the `sendgrid` package (6.12.5 with python-http-client 3.3.7). Its own transport
is not used: it has no time-out and no kept connection, and follows redirects with the key in hand, as a GET that then
looks like a success. Bodies are plain dicts, since the helpers reorder personalizations and drop values in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message as Headers
from http import HTTPStatus
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlsplit

import httpx
import orjson
from python_http_client.exceptions import HTTPError, err_dict
from sendgrid import SendGridAPIClient

from newsletter.delivery.message import MAX_RECIPIENTS, Message, Recipient, list_unsubscribe
from newsletter.delivery.states import WireClass
from newsletter.delivery.transports.answers import classify
from newsletter.delivery.transports.base import Outcome
from newsletter.errors import SettingsError
from newsletter.kit.clock import Clock, SystemClock
from newsletter.kit.faults import fp

PATH: Final = "/v3/mail/send"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_BODY_LEFT: Final = "http11.send_request_body.complete"
_MAX_ANSWER: Final = 64 * 1024
_PIECE: Final = 256 * 1024
_FAULT_POINTS: Final = {
    "http11.send_request_headers.started": "08",
    _BODY_LEFT: "10",
    "http11.receive_response_headers.complete": "11",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for each part of a call; `call` is for an answer that comes, but never ends."""

    connect: float = 5.0
    write: float = 30.0
    read: float = 60.0
    call: float = 90.0


class SendGridTransport:
    """Submits to SendGrid's API v3, or to the sandbox."""

    max_recipients = MAX_RECIPIENTS

    def __init__(
        self, key: str, host: str, lanes: int, clock: Clock | None = None, limits: Limits | None = None
    ) -> None:
        refuse_unsafe_host(host)
        self.name = "sandbox" if urlsplit(host).hostname in _LOOPBACK else "sendgrid"
        self._clock = clock or SystemClock()
        api = SendGridAPIClient(key, host=host)
        self._calls = MailSend(host, dict(api.client.request_headers), lanes, self._clock, limits or Limits())

    def submit(self, message: Message) -> Outcome:
        """One POST. Whatever happens on the wire becomes an outcome; only what is certain is called not sent."""
        body = orjson.dumps(request_body(message))
        try:
            message_id = self._calls.post(body)
        except HTTPError as error:
            now = self._clock.now()
            return classify(error.status_code, error.headers, error.body, now, body_left_whole=True)
        except URLError as error:
            return Outcome(WireClass.NOT_SENT, detail=f"not sent: {_kind(error.reason)}")
        except OSError as error:
            return Outcome(
                WireClass.UNKNOWN, detail=f"no clear answer: {_kind(error.args[0] if error.args else error)}"
            )
        if not message_id:
            return Outcome(WireClass.UNKNOWN, status=int(HTTPStatus.ACCEPTED), detail="202 without a message id")
        return Outcome(WireClass.ACCEPTED, message_id, int(HTTPStatus.ACCEPTED))

    def close(self) -> None:
        """Close the kept connections."""
        self._calls.close()


class MailSend:
    """POST /v3/mail/send over kept connections, shared by all lanes. Raises what the stock client raises."""

    def __init__(self, host: str, headers: dict[str, str], lanes: int, clock: Clock, limits: Limits) -> None:
        self._clock, self._limits = clock, limits
        self._http = httpx.Client(
            base_url=host,
            headers={**headers, "Content-Type": "application/json", "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(connect=limits.connect, write=limits.write, read=limits.read, pool=limits.connect),
            limits=httpx.Limits(max_connections=lanes, max_keepalive_connections=lanes, keepalive_expiry=3),
            follow_redirects=False,  # the key would travel
            trust_env=False,
        )

    def post(self, body: bytes) -> str | None:
        """The message id of a 202, or None where it has none.

        `URLError`: the body has not left whole, so nothing was accepted. `TimeoutError`, `ConnectionError`: it may
        have been. `HTTPError`: another answer, or a 202 to a body that was cut (httpx hides the failed write and
        returns the early answer; only the trace tells).
        """
        seen: set[str] = set()

        def trace(step: str, _info: dict[str, Any]) -> None:
            seen.add(step)
            if step in _FAULT_POINTS:
                fp(_FAULT_POINTS[step])

        headers = {"Content-Length": str(len(body))}
        try:
            with self._http.stream(
                "POST", PATH, content=_pieces(body), headers=headers, extensions={"trace": trace}
            ) as answer:
                text = self._read(answer)
        except Exception as error:  # whatever it was, one question decides what is known
            if _BODY_LEFT not in seen:
                raise URLError(error) from error
            kind = TimeoutError if isinstance(error, httpx.TimeoutException) else ConnectionError
            raise kind(error) from error
        if answer.status_code == HTTPStatus.ACCEPTED and _BODY_LEFT in seen:  # nothing else is success
            message_id: str | None = answer.headers.get("X-Message-Id")
            return message_id
        if answer.status_code == HTTPStatus.ACCEPTED:
            raise ConnectionError("202 to a body that was cut")
        refusal = err_dict.get(answer.status_code, HTTPError)
        raise refusal(answer.status_code, answer.reason_phrase, text, _headers(answer))

    def close(self) -> None:
        """Close the kept connections."""
        self._http.close()

    def _read(self, answer: httpx.Response) -> bytes:
        """The body, as far as anybody needs it: an answer that never ends must not hold a lane or fill the memory."""
        started = self._clock.elapsed()
        text = b""
        for piece in answer.iter_raw():
            text += piece
            if len(text) > _MAX_ANSWER or self._clock.elapsed() - started > self._limits.call:
                raise ConnectionError("an answer without end")
        return text


def request_body(message: Message) -> dict[str, Any]:
    """The JSON of a request, as the published description wants it (docs/sendgrid.md)."""
    letter = message.letter
    tracked = {"enable": True, "substitution_tag": letter.open_tag} if letter.open_tag else {"enable": False}
    body: dict[str, Any] = {
        "personalizations": [_personalization(message, one) for one in message.recipients],
        "from": _address(letter.from_email, letter.from_name),
        "content": [
            {"type": "text/plain", "value": letter.text},
            {"type": "text/html", "value": letter.html},
        ],
        "headers": {"List-Id": letter.list_id},
        "custom_args": {"nl_attempt_id": message.attempt_id},
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "subscription_tracking": {"enable": False},
            "open_tracking": tracked,
        },
    }
    if letter.reply_to:
        body["reply_to"] = {"email": letter.reply_to}
    return body


def _personalization(message: Message, recipient: Recipient) -> dict[str, Any]:
    """The subject stands here, rendered: a provider that folds a header must never meet a tag inside it."""
    return {
        "to": [_address(recipient.email, recipient.name)],
        "subject": message.letter.subject,
        "headers": {
            "List-Unsubscribe": list_unsubscribe(recipient),
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        "substitutions": recipient.substitutions,
        "custom_args": {"nl_delivery_id": message.delivery_id(recipient)},
    }


def _address(email: str, name: str) -> dict[str, str]:
    """SendGrid reads `;` and `,` in a display name as the end of an address."""
    safe = " ".join(name.replace(";", " ").replace(",", " ").split())
    return {"email": email, "name": safe} if safe else {"email": email}


def refuse_unsafe_host(host: str) -> None:
    """The key travels in a header: only over TLS, or to this very machine."""
    parts = urlsplit(host)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return
    raise SettingsError(f"NEWSLETTER_SENDGRID_HOST {host!r} must begin with https://; http is for 127.0.0.1 alone.")


def _pieces(body: bytes) -> Iterator[bytes]:
    """The body in pieces, so that there is a middle of it."""
    border = max(len(body) // 2, 1)
    yield body[:border]
    fp("09")
    for start in range(border, len(body), _PIECE):
        yield body[start : start + _PIECE]


def _headers(answer: httpx.Response) -> Headers:
    """As the stock client's exceptions carry them: found whatever the case, repeated ones kept."""
    headers = Headers()
    for name, value in answer.headers.multi_items():
        headers[name] = value
    return headers


def _kind(error: object) -> str:
    """The kind of a failure: its words may hold an address of a machine or a person, its kind does not."""
    return type(error).__name__ if isinstance(error, BaseException) else str(error)[:200]
