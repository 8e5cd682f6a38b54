"""The errors of this package. Each message names the thing and the remedy, for a person to read.

SubscribersError
├── InvalidAddress     an address that no mail of ours could reach
├── InvalidWish        a pick or a personal setting that can't be stored
├── UnknownList        no list of that name
├── UnknownChoice      no such section or category on that list
├── UnknownSubscription
└── ImportRefused      a file that can't be imported at all; nothing was changed
    └── UndoRefused    an import that can't be undone any more
"""


class SubscribersError(Exception):
    """Root of all errors that are shown as one clear sentence, never as a traceback."""


class InvalidAddress(SubscribersError):  # noqa: N818 -- reads as the sentence it is
    """An address that no mail of ours could reach; `reason` says why, without the address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidWish(SubscribersError):  # noqa: N818
    """A pick or a personal setting that can't be stored."""


class UnknownList(SubscribersError):  # noqa: N818
    """No list of that name."""


class UnknownChoice(SubscribersError):  # noqa: N818
    """No such section or category on that list."""


class UnknownSubscription(SubscribersError):  # noqa: N818
    """No such subscription."""


class ImportRefused(SubscribersError):  # noqa: N818
    """The file can't be imported; nothing was changed."""


class UndoRefused(ImportRefused):
    """The import can't be undone any more."""
