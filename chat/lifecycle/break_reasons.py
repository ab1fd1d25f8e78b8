"""Why agents are on a break, as it is stored."""

from django.utils.translation import gettext_lazy as _

from agents.models import Service
from agents.status import REASON_LENGTH_MAX
from chat.masking import concealing
from contiple.base.errors import Invalid
from contiple.base.texts import clean_text


def stored_reason(service: Service, words: str) -> str:
    """Returns the agent's words on one line, masked. Raises ``Invalid`` for more than ``REASON_LENGTH_MAX`` signs."""
    words = " ".join(clean_text(words).split())
    if len(words) > REASON_LENGTH_MAX:
        most = {"most": REASON_LENGTH_MAX}
        raise Invalid(_("The reason can have %(most)s characters at most.") % most, code="reason")
    return concealing.conceal(service, words)
