"""Links that lead a customer back into a chat, on any device. They are sent by mail to the customer's own address."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from chat.follow_ups import registered
from chat.models import Chat
from helpcenter.customers import LINK_LASTS, link_token


def link_to(chat: Chat, *, now: datetime) -> tuple[str, int]:
    """Returns the address of the help center with the chat open in it, and the days for which it opens that.

    After the chat's end it is the address of what was made from it, if there is something; the days are 0 then. The
    secret stands behind ``#``: browsers send that to no server, so it is in no log.
    """
    if not chat.is_open and (after_end := registered().customer_url(chat, now=now)):
        return after_end, 0
    home = reverse("helpcenter:home", args=[chat.service.slug])
    return f"{settings.PUBLIC_ORIGIN}{home}#chat={link_token(chat.customer)}", LINK_LASTS.days
