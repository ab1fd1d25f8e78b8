"""The time between the password and the second factor: nobody is signed in yet.

The session says only who has given the password, and is good for the question alone, for ten minutes. It ends with a
new password, and as soon as the person's factors change.
"""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from agents.models import User
from agents.models_accounts import AccountEntry
from agents.sign_in import begin_session

PENDING = "second_factor"
VALID_FOR = timedelta(minutes=10)


def begin(request: HttpRequest, user: User, *, now: datetime) -> None:
    """Remembers that the person has given the password, in a new session."""
    request.session.flush()
    request.session[PENDING] = {"user": user.pk, "hash": user.get_session_auth_hash(), "at": now.timestamp()}


def person(request: HttpRequest, *, now: datetime) -> User | None:
    """Returns the person who has given the password, read now."""
    pending = request.session.get(PENDING)
    if not pending or not 0 <= now.timestamp() - pending["at"] < VALID_FOR.total_seconds():
        return None
    user = User.objects.filter(pk=pending["user"], is_active=True).first()
    return user if user and constant_time_compare(pending["hash"], user.get_session_auth_hash()) else None


def is_over(request: HttpRequest) -> bool:
    """Says whether a second step was begun here that can no longer be taken, and forgets it."""
    return request.session.pop(PENDING, None) is not None


def end(request: HttpRequest, user: User, *, by: AccountEntry.Factor) -> None:
    """Signs the person in, after the second factor ``by``."""
    del request.session[PENDING]
    begin_session(request, user, by=by, proved=True)
