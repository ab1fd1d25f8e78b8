"""How much mail is filed. More is kept, but makes no tickets; past a service's own limit it must come again later."""

from datetime import timedelta

from agents.throttle import Limit

MAIL_BY_SENDER = Limit("mail sender", 30, timedelta(hours=1))  # in one service; a busy person writes a few
MAIL_BY_SERVICE = Limit("mail service", 3_000, timedelta(hours=1))
UNREADABLE_BY_SERVICE = Limit("mail unreadable", 20, timedelta(hours=1))  # each is kept whole: 30 MB
CONFIRMATION_BY_SENDER = Limit("mail confirmation", 5, timedelta(hours=1))  # keeps a forged sender's mailbox empty
