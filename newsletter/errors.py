"""The errors a person may meet. Each message names the thing and the remedy.

NewsletterError
├── InputError            what came in is not usable: a file, an argument, a wish
│   └── NotAnIssue        a file that holds no issue
├── NotFound              a named thing does not exist
├── StateError            not now: the thing is in another state
├── RenderError           an email could not be built
│   └── SpliceError       joined fragments would not equal a whole compile
├── SettingsError         a setting is missing or contradicts another
└── TransportError        a request had no acceptance; subclasses say what is known (delivery/transports/base.py)
"""


class NewsletterError(Exception):
    """Root of all errors that are shown as one clear sentence, never as a traceback."""


class InputError(NewsletterError):
    """Input from a person or a file can't be used."""


class NotAnIssue(InputError):  # noqa: N818 -- reads as the sentence it is
    """The file holds no issue; nothing was changed."""


class NotFound(NewsletterError):  # noqa: N818
    """A thing that was named does not exist."""


class StateError(NewsletterError):
    """The thing exists, but its state does not allow this now."""


class RenderError(NewsletterError):
    """An email could not be built from this content."""


class SpliceError(RenderError):
    """Joined fragments would not equal a whole compile. Raised, never repaired."""


class SettingsError(NewsletterError):
    """A setting is missing, malformed or contradicts another."""


class TransportError(NewsletterError):
    """A request was not accepted, or nobody can tell."""
