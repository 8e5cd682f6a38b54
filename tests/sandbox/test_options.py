"""Arguments and environment."""

from pathlib import Path

import pytest

from newsletter.sandbox.options import is_loopback, parsed


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "sandbox.example.com"])  # noqa: S104 - these are refused
def test_a_host_that_others_can_reach_is_refused_unless_asked_for(
    host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refusal:
        parsed(["--host", host], {})
    assert refusal.value.code == 2
    assert "--allow-remote" in capsys.readouterr().err
    assert parsed(["--host", host, "--allow-remote"], {}).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_is_loopback(host: str) -> None:
    assert is_loopback(host)
    assert parsed(["--host", host], {}).host == host


def test_the_environment_stands_in_for_arguments_and_arguments_win() -> None:
    environment = {
        "NEWSLETTER_SANDBOX_PORT": "9000",
        "NEWSLETTER_SANDBOX_STATE": "/tmp/elsewhere",
        "NEWSLETTER_SANDBOX_STRICT": "no",
        "NEWSLETTER_SANDBOX_FROM_DOMAIN": "example.com,Example.org",
        "NEWSLETTER_SANDBOX_SWITCH": "duplicate=0.5,new_id_on_retry",
        "NEWSLETTER_SANDBOX_EVENTS": "off",
    }
    options = parsed([], environment)
    assert (options.port, options.state, options.strict) == (9000, Path("/tmp/elsewhere"), False)
    assert options.from_domains == {"example.com", "example.org"}
    assert (options.switches.duplicate, options.switches.new_id_on_retry) == (0.5, True)
    assert parsed(["--port", "1", "--strict"], environment).port == 1
    assert parsed(["--strict"], environment).strict


def test_without_a_webhook_no_events_are_told() -> None:
    assert not parsed([], {}).events
    assert parsed(["--webhook", "http://127.0.0.1:1/"], {}).events
    assert not parsed(["--webhook", "http://127.0.0.1:1/", "--events", "off"], {}).events


def test_an_unknown_switch_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(["--switch", "nonsense=1"], {})
    assert "nonsense" in capsys.readouterr().err
