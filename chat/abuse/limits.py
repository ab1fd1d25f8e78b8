"""What customers may do how often: the policy, in one table. Agents are never counted here.

Generous for people: an office or a phone network may share one address, and a busy customer writes 500 messages an
hour. ``whose`` is for readers; the callers name each. The limits of accounts are in ``agents.throttle``.
"""

from datetime import timedelta

from agents.throttle import Limit

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# name, count, window; "network" is an IPv4 address or an IPv6 /64, in one service.
START_BY_NETWORK = Limit("chat start address", 5000, HOUR)  # as many as eight cores solve sums for (`puzzle`)
START_BY_CUSTOMER = Limit("chat start customer", 20, HOUR)
START_BY_CUSTOMER_DAY = Limit("chat start customer, day", 60, DAY)
START_BY_SERVICE = Limit("chat start service", 200_000, DAY)  # more than one network can use up
MEMBER_BY_NETWORK = Limit("member token address", 5000, HOUR)
MEMBER_REFUSED_BY_NETWORK = Limit("refused member token address", 100, HOUR)
EVALUATION_BY_CUSTOMER = Limit("evaluation customer", 20, HOUR)
TRANSCRIPT_BY_CUSTOMER = Limit("transcript customer", 30, HOUR)
FILE_BY_CUSTOMER = Limit("file customer", 60, HOUR)
FILE_BY_NETWORK = Limit("file address", 600, HOUR)
FILE_BY_SERVICE = Limit("file service", 20_000, DAY)
INQUIRY_BY_NETWORK = Limit("inquiry address", 20, HOUR)
INQUIRY_BY_SERVICE = Limit("inquiry service", 5000, DAY)
ANSWER_BY_NETWORK = Limit("inquiry answer address", 60, HOUR)
ANSWER_BY_CUSTOMER = Limit("inquiry answer customer", 30, HOUR)
# A customer who types makes ten or twenty suggestions; a whole office may type at once.
SUGGESTIONS_BY_NETWORK = Limit("suggested articles address", 5000, HOUR)
SUGGESTION_BY_VIEW = Limit("suggested article page view", 1, DAY)
# Mails that anybody can have sent to anybody.
CONFIRMATION_BY_EMAIL = Limit("inquiry confirmation e-mail", 5, HOUR)
TRANSCRIPT_BY_EMAIL = Limit("transcript e-mail", 3, HOUR)
LINKS_BY_EMAIL = Limit("inquiry links e-mail", 3, HOUR)
LINKS_BY_NETWORK = Limit("inquiry links address", 20, HOUR)
UNREAD_BY_EMAIL = Limit("unread messages e-mail", 5, HOUR)
UNREAD_BY_CHAT = Limit("unread messages chat", 10, DAY)

# Messages of a customer in one chat: each costs so many seconds, which pass by themselves, and a chat may owe so many.
# So 240 short messages or 12 of 12 kB may come at once, and in the long run 1,400 short ones an hour.
MESSAGE_COSTS_S = 2.0
KILOBYTE_COSTS_S = 4.0
OWED_S_MAX = 600.0

SOCKETS_OF_CHAT = 20  # at once: a person has a few tabs
SOCKETS_OF_NETWORK = 1000  # at once, in one web process


def cost_s(body: str) -> float:
    """Returns what a message costs."""
    return MESSAGE_COSTS_S + KILOBYTE_COSTS_S * len(body.encode()) / 1000
