"""Every table of the product, registered by importing this module: for migrations and for the tests."""

from sqlmodel import SQLModel

from newsletter.campaigns import models as _campaigns
from newsletter.delivery import models as _delivery
from newsletter.events import models as _events
from newsletter.issues import models as _issues
from subscribers import models as _subscribers

PARTS = (_subscribers, _issues, _campaigns, _delivery, _events)
"""The modules that define tables, in the order of their foreign keys."""

metadata = SQLModel.metadata
