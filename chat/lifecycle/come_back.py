"""Links that lead a customer back into a chat, on any device. They are sent by mail to the customer's own address."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from chat.follow_ups import registered
from chat.models import Chat
from helpcenter.customers import link_token


def link_to(chat: Chat, *, now: datetime) -> str:
    """Returns the address of the help center with the chat open in it; after its end, of what was made from it.

    The secret stands behind ``#``: browsers send that to no server, so it is in no log.
    """
    after_end = "" if chat.is_open else registered().customer_url(chat, now=now)
    home = reverse("helpcenter:home", args=[chat.service.slug])
    return after_end or f"{settings.PUBLIC_ORIGIN}{home}#chat={link_token(chat.customer)}"
