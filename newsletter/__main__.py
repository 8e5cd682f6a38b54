"""`python -m newsletter` is the `newsletter` command."""

import sys

from newsletter.cli import main

sys.exit(main())
