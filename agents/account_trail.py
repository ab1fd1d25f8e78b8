"""Writes the trail of accounts: sign-ins and failures with their factor, sign-outs, new passwords, ended sessions.

An account may belong to several services or to none, so its trail belongs to none of them. Its owner and the operator
see it; admins see that of their own agents, without addresses. A failure with an e-mail that has no account costs as
much and is kept without e-mail and address, since both are somebody's who may have nothing to do with us.
"""

import logging

from django.db.models import QuerySet
from django.http import HttpRequest

from agents.devices import describe_device
from agents.models import User
from agents.models_accounts import AccountEntry
from contiple.base.addresses import client_address

SHOWN = 20

log = logging.getLogger("contiple.accounts")


def record(
    request: HttpRequest | None, user: User | None, action: AccountEntry.Action, *, factor: str = "", actor: str = ""
) -> None:
    """Writes the entry and one line of the log. ``actor``: the name of whoever did it, if it wasn't the owner."""
    own = request is not None and user is not None and not actor
    AccountEntry.objects.create(
        user=user,
        action=action,
        factor=factor,
        actor=actor[:80],
        device=describe_device(request) if request is not None and own else "",
        address=(client_address(request) or None) if request is not None and own else None,
    )
    log.info("account %s: %s %s", user.pk if user else "unknown", action.value, factor)


def entries_of(user: User) -> QuerySet[AccountEntry]:
    """The latest entries about the account, newest first, without its everyday questions."""
    return user.account_entries.exclude(action=AccountEntry.Action.CONFIRMED).order_by("-id")[:SHOWN]
