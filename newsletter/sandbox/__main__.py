"""`python -m newsletter.sandbox`: run the stand-in until it is stopped."""

import sys

from newsletter.sandbox.options import parsed
from newsletter.sandbox.server import StandIn


def main() -> int:
    """0 after a stop, 1 when it can't start."""
    options = parsed()
    try:
        stand_in = StandIn(options)
    except BlockingIOError:
        print(f"Another stand-in uses {options.state}; stop it or give another --state.", file=sys.stderr)  # noqa: T201 - a program's last words
        return 1
    except OSError as error:
        print(f"Can't listen on {options.host}:{options.port} or write to {options.state}: {error}", file=sys.stderr)  # noqa: T201 - as above
        return 1
    stand_in.serve_until_stopped()
    return 0


if __name__ == "__main__":
    sys.exit(main())
