"""What was answered 202 is in the journal, whatever happens to the process next."""

import subprocess
import sys
import textwrap
from http import HTTPStatus

import httpx
import pytest

from tests.sandbox.conftest import Start
from tests.sandbox.support import Running, message, until

FORGETFUL = textwrap.dedent("""
    import asyncio, sys
    from newsletter.sandbox import __main__, journal

    class Late(journal.Journal):
        async def append(self, entry):
            # The control: answer first, write half a second later.
            asyncio.get_running_loop().call_later(0.5, lambda: asyncio.ensure_future(super(Late, self).append(entry)))
            return 0

    import newsletter.sandbox.server as server
    server.Journal = Late
    sys.exit(__main__.main())
""")


def lost_after_kill(sandbox: Running) -> int:
    """How many accepted requests a kill right after the answer loses."""
    answers = [sandbox.send(message(f"r{n}@example.com")) for n in range(5)]
    sandbox.kill()
    assert all(answer.status_code == HTTPStatus.ACCEPTED for answer in answers)
    written = {line["message_id"] for line in sandbox.journal()}
    if sandbox.journal():
        assert written <= {answer.headers["X-Message-Id"] for answer in answers}
    return len(answers) - len(written)


def test_a_kill_right_after_the_answer_loses_nothing(start: Start) -> None:
    assert lost_after_kill(start()) == 0


def test_the_kill_test_catches_a_stand_in_that_answers_first(start: Start) -> None:
    assert lost_after_kill(start(program=("-c", FORGETFUL))) > 0


@pytest.mark.parametrize("fault", ["accept-close", "accept-stall", "accept-garbage"])
def test_a_request_that_was_accepted_and_not_answered_is_in_the_journal(start: Start, fault: str) -> None:
    sandbox = start()
    sandbox.api("faults", {"script": [{"kind": fault, "seconds": 0.2}]})
    with pytest.raises(httpx.TransportError):
        sandbox.send(message())
    sandbox.kill()
    assert [line["fault"] for line in sandbox.journal()] == [fault]


def test_after_a_kill_the_inbox_is_built_on_from_the_journal(start: Start) -> None:
    first = start()
    for n in range(3):
        first.send(message(f"r{n}@example.com"))
    first.kill()
    second = start()
    second.send(message("r3@example.com"))
    mails = second.api("mails")["mails"]
    assert [mail["address"] for mail in mails] == [f"r{n}@example.com" for n in (3, 2, 1, 0)]


def test_it_stops_in_good_order_even_with_a_stalled_exchange(start: Start) -> None:
    sandbox = start()
    sandbox.api("faults", {"script": ["stall"]})
    with pytest.raises(httpx.TimeoutException):
        httpx.post(
            f"http://127.0.0.1:{sandbox.port}/v3/mail/send", content=b"{}", timeout=httpx.Timeout(0.3), trust_env=False
        )
    assert sandbox.stop() == 0


def test_a_journal_only_run_keeps_no_mails_and_loses_nothing(start: Start) -> None:
    sandbox = start("--keep", "journal", "--events", "off")
    for n in range(3):
        sandbox.send(message(f"r{n}@example.com"))
    assert sandbox.api("mails")["mails"] == []
    assert sandbox.api("stats")["since_start"]["accepted"] == len(sandbox.journal()) == 3


def test_a_second_stand_in_on_the_same_state_ends_with_a_sentence(start: Start) -> None:
    first = start()
    command = [sys.executable, "-m", "newsletter.sandbox", "--port", "0", "--state", str(first.state)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert second.stderr.startswith("Another stand-in uses ")
    assert first.send(message()).status_code == HTTPStatus.ACCEPTED


def test_the_public_key_stays_the_same_over_restarts(start: Start) -> None:
    first = start()
    key = first.api("public-key")["public_key"]
    until(lambda: first.stop() == 0)
    assert start().api("public-key")["public_key"] == key
