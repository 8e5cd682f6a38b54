"""What the pages and the API work with: the journal, what was derived from it, and who tells about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from newsletter.sandbox.faults import Script
from newsletter.sandbox.follower import Follower
from newsletter.sandbox.journal import Journal
from newsletter.sandbox.mail import Mail, mails_of
from newsletter.sandbox.options import Options
from newsletter.sandbox.poster import Poster
from newsletter.sandbox.store import Store
from newsletter.sandbox.switches import Switches
from newsletter.sandbox.telling import Manner, Told


@dataclass(slots=True)
class Desk:
    """One running stand-in without its endpoint. `switches` is what the API changes."""

    options: Options
    journal: Journal
    store: Store
    poster: Poster
    switches: Switches
    script: Script = field(default_factory=Script)
    follower: Follower = field(init=False)

    def __post_init__(self) -> None:
        self.follower = Follower(
            self.journal,
            self.store,
            manner=self.manner,
            keep_mails=self.options.keep_mails,
            told=self.poster.told,
        )

    @property
    def follows(self) -> bool:
        """Whether anything is derived from the journal at all."""
        return self.options.keep_mails or self.options.events

    def manner(self) -> Manner | None:
        """How events are told at present; None when they are not."""
        if not self.options.events:
            return None
        return Manner(self.options.event_delay, self.switches, self.options.seed)

    def start(self) -> None:
        """Begin to follow and to post."""
        if self.follows:
            self.follower.start()
        if self.options.events:
            self.poster.start()

    def stop(self) -> None:
        """End the threads, the journal last."""
        if self.follows:
            self.follower.stop()
        self.poster.stop()
        self.journal.close()
        self.store.close()

    def catch_up(self) -> None:
        """Wait until everything accepted so far can be seen."""
        if self.follows:
            self.follower.wait_until_caught_up()

    def mail(self, mail_id: str) -> Mail | None:
        """One mail out of the journal."""
        message_id, _, number = mail_id.rpartition(".")
        place = self.store.place_of(message_id)
        entry = None if place is None else self.journal.read(place)
        if entry is None or not number.isdecimal():
            return None
        return next((mail for mail in mails_of(entry) if mail.number == int(number)), None)

    def tell(self, events: Sequence[Told]) -> None:
        """Have more events posted, if events are told at all."""
        if self.options.events and events:
            with self.store.transaction():
                self.store.add_events(events)
            self.poster.told(sum(len(one.body) for one in events))
