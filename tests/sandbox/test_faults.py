"""The script of faults: what it takes, in which order it plays, and that a seed repeats it."""

from typing import Any

import pytest

from newsletter.sandbox.chance import drawn_for
from newsletter.sandbox.faults import NONE, Fault, Script, fault_of, faults_of, mix_of, vocabulary


def test_every_name_of_the_vocabulary_is_a_fault_of_that_name() -> None:
    assert {fault_of(name).name for name in vocabulary()} == set(vocabulary())


def test_only_faults_after_reading_can_accept() -> None:
    assert fault_of("accept-500") == Fault("500", accepts=True)
    assert fault_of("500") == Fault("500", accepts=False)
    for name in ("accept-reset", "accept-late", "accept-refuse"):
        with pytest.raises(ValueError, match=name):
            fault_of(name)


@pytest.mark.parametrize(
    "wanted",
    ["nonsense", "", {"kind": "429", "reset": 3}, {"kind": "late", "seconds": "3"}, {"kind": "429", "retry_after": 3}],
)
def test_a_fault_that_does_not_exist_is_refused(wanted: Any) -> None:  # noqa: ANN401 - that is the point
    with pytest.raises(ValueError, match=r"fault|number|header|has no"):
        fault_of(wanted)


def test_a_script_is_played_in_order_and_then_everything_is_well() -> None:
    script = Script()
    script.queue.extend(faults_of(["500", {"kind": "429", "times": 2, "reset_in": 3}]))
    assert [script.next().name for _ in range(4)] == ["500", "429", "429", "none"]
    assert script.played == {"500": 1, "429": 2, "none": 1}


def test_always_plays_until_it_is_taken_away() -> None:
    script = Script(always=fault_of("503"))
    assert {script.next().kind for _ in range(50)} == {"503"}
    script.always = None
    assert script.next() == NONE


def test_a_mix_draws_its_shares_and_a_seed_repeats_it() -> None:
    def run() -> list[str]:
        script = Script(mix=mix_of({"500": 0.2, "accept-close": 0.1}), draw=drawn_for(7))
        return [script.next().name for _ in range(2000)]

    names = run()
    assert names == run()
    assert 300 < names.count("500") < 500
    assert 120 < names.count("accept-close") < 280


@pytest.mark.parametrize("mix", [{"500": 0.6, "503": 0.6}, {"500": -0.1}, {"500": "all"}])
def test_shares_that_make_no_sense_are_refused(mix: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="share"):
        mix_of(mix)
