"""The JSON interface for tests and the demo. Everything is on this machine, so there is no key."""

import dataclasses
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.sandbox import clock
from newsletter.sandbox.chance import drawn_for
from newsletter.sandbox.desk import Desk
from newsletter.sandbox.faults import fault_of, faults_of, mix_of, vocabulary
from newsletter.sandbox.mail import Mail, body_of
from newsletter.sandbox.mailsend import Counts
from newsletter.sandbox.reader import Reader, Shares
from newsletter.sandbox.switches import changed
from newsletter.sandbox.telling import about_the_account

Act = Callable[[dict[str, Any]], dict[str, Any]]
MOST_LISTED = 1000


class Api:
    """Routes under `/api`. What waits for threads or disk is done off the event loop."""

    def __init__(self, desk: Desk, counts: Counts, refuse: Callable[[float], None]) -> None:
        self._desk = desk
        self._counts = counts
        self._refuse = refuse
        self._reader = Reader(desk)

    def routes(self) -> list[Route]:
        """To be mounted by the application."""
        return [
            Route("/api/public-key", self._shows(lambda _: {"public_key": self._desk.poster.signer.public_key})),
            Route("/api/stats", self._shows(self._stats)),
            Route("/api/refusals", self._shows(lambda _: {"refusals": list(self._counts.refusals)})),
            Route("/api/mails", self._shows(self._mails)),
            Route("/api/mails/{id}", self._shows(self._mail)),
            Route("/api/mails/{id}/{deed:str}", self._does(self._act), methods=["POST"]),
            Route("/api/faults", self._shows(lambda _: self._faults())),
            Route("/api/faults", self._plan, methods=["POST", "DELETE"]),
            Route("/api/switches", self._shows(lambda _: dataclasses.asdict(self._desk.switches))),
            Route("/api/switches", self._does(self._switch), methods=["POST"]),
            Route("/api/opens", self._does(self._crowd), methods=["POST"]),
            Route("/api/flush", self._does(self._flush), methods=["POST"]),
            Route("/api/account-status", self._does(self._suspend), methods=["POST"]),
            Route("/api/suppressions", self._shows(lambda _: {"suppressions": self._desk.store.suppressions()})),
            Route("/api/suppressions", self._does(self._suppress), methods=["POST"]),
            Route("/api/suppressions", self._shows(self._forgive), methods=["DELETE"]),
        ]

    def _shows(self, find: Callable[[Request], dict[str, Any]]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(self._guarded, lambda: find(request))

        return endpoint

    def _does(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            return await run_in_threadpool(self._guarded, lambda: act({**_read(body), **request.path_params}))

        return endpoint

    def _guarded(self, find: Callable[[], dict[str, Any]]) -> Response:
        """Answers what `find` finds; a wrong question is 400, a missing thing 404."""
        self._desk.catch_up()
        try:
            return as_json(find())
        except LookupError as error:
            return as_json({"error": str(error.args[0])}, HTTPStatus.NOT_FOUND)
        except (ValueError, TypeError) as error:
            return as_json({"error": str(error)}, HTTPStatus.BAD_REQUEST)

    # --- looking ---------------------------------------------------------------------------------------------------

    def _stats(self, _: Request) -> dict[str, Any]:
        return {
            "since_start": self._counts.shown(),
            "journal_bytes": self._desk.journal.end,
            "webhook": dataclasses.asdict(self._desk.poster.tally),
            "faults_played": dict(self._desk.script.played),
            "mails_by_event": self._desk.store.mails_by_event(),
            **self._desk.store.counts(),
        }

    def _mails(self, request: Request) -> dict[str, Any]:
        asked = request.query_params
        limit = min(int(asked.get("limit", "50")), MOST_LISTED)
        before = int(asked["before"]) if "before" in asked else None
        listed = self._desk.store.mails(asked.get("to", ""), before, limit)
        kinds = self._desk.store.latest_kinds([one.id for one in listed])
        mails = [{**dataclasses.asdict(one), "events": kinds.get(one.id, [])} for one in listed]
        return {"mails": mails, "next": listed[-1].seq if len(listed) == limit else None}

    def _mail(self, request: Request) -> dict[str, Any]:
        mail = self._found(request.path_params["id"])
        blocks = self._desk.journal.contents.load(mail.content)
        events = [
            {"kind": one["kind"], "posted": bool(one["posted"]), "event": orjson.loads(one["body"])}
            for one in self._desk.store.events_of(mail.id)
        ]
        return {
            **dataclasses.asdict(mail),
            "id": mail.id,
            "html": body_of(mail, blocks, "text/html"),
            "text": body_of(mail, blocks, "text/plain"),
            "events": events,
        }

    def _found(self, mail_id: str) -> Mail:
        mail = self._desk.mail(mail_id)
        if mail is None:
            raise LookupError(f"There is no mail {mail_id}.")
        return mail

    # --- acting ----------------------------------------------------------------------------------------------------

    def _act(self, asked: dict[str, Any]) -> dict[str, Any]:
        mail = self._found(asked["id"])
        if asked["deed"] == "open":
            return {"seen": self._reader.opens(mail, machine=bool(asked.get("machine")))}
        if asked["deed"] == "unsubscribe":
            return {"result": self._reader.unsubscribes(mail)}
        if asked["deed"] == "complain":
            self._reader.complains(mail)
            return {"result": "told"}
        raise LookupError("A mail can be sent open, unsubscribe or complain.")

    def _crowd(self, asked: dict[str, Any]) -> dict[str, Any]:
        return dataclasses.asdict(self._reader.crowd(Shares(**asked)))

    def _flush(self, _: dict[str, Any]) -> dict[str, Any]:
        if self._desk.options.events:
            self._desk.poster.flush()
        return {"webhook": dataclasses.asdict(self._desk.poster.tally), **self._desk.store.counts()}

    def _switch(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._desk.switches = changed(self._desk.switches, asked)
        return dataclasses.asdict(self._desk.switches)

    def _suspend(self, _: dict[str, Any]) -> dict[str, Any]:
        """Only told, not done: requests are accepted as before."""
        self._desk.tell([about_the_account(clock.now())])
        return {"result": "told"}

    def _suppress(self, asked: dict[str, Any]) -> dict[str, Any]:
        rows = [(str(address), str(reason)) for address, reason in asked.items()]
        self._desk.store.suppress(rows)
        return {"suppressions": self._desk.store.suppressions()}

    def _forgive(self, request: Request) -> dict[str, Any]:
        return {"removed": self._desk.store.forgive(request.query_params.get("address"))}

    def _faults(self) -> dict[str, Any]:
        script = self._desk.script
        return {
            "queued": [fault.name for fault in script.queue],
            "always": script.always.name if script.always else None,
            "mix": {fault.name: share for fault, share in script.mix},
            "played": dict(script.played),
            "kinds": vocabulary(),
        }

    async def _plan(self, request: Request) -> Response:
        """On the event loop, where the script is read."""
        if request.method == "DELETE":
            self._clear()
            return as_json(self._faults())
        try:
            self._add(_read(await request.body()))
        except (ValueError, TypeError, AttributeError) as error:
            return as_json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        return as_json(self._faults())

    def _clear(self) -> None:
        script = self._desk.script
        script.queue.clear()
        script.always = None
        script.mix = ()

    def _add(self, asked: dict[str, Any]) -> None:
        unknown = set(asked) - {"script", "always", "mix", "seed", "refuse_for"}
        if unknown:
            raise ValueError(f"There is no {', '.join(sorted(unknown))}.")
        script = self._desk.script
        queued = faults_of(asked.get("script", []))
        mix = mix_of(asked["mix"]) if "mix" in asked else script.mix
        if "always" in asked:
            script.always = None if asked["always"] is None else fault_of(asked["always"])
        script.mix = mix
        script.queue.extend(queued)
        script.draw = drawn_for(asked.get("seed", self._desk.options.seed))
        if "refuse_for" in asked:
            self._refuse(float(asked["refuse_for"]))


def as_json(value: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A JSON answer nobody may cache."""
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(value, default=dict), status, headers, "application/json")


def _read(body: bytes) -> dict[str, Any]:
    """An object, empty when nothing was sent. Raises ValueError for anything else."""
    value = orjson.loads(body) if body else {}
    if not isinstance(value, dict):
        raise ValueError("The body must be a JSON object.")  # noqa: TRY004 - the value is wrong, not our code
    return value
