"""Sessions that end by being idle and by age, and that their owners and admins can see and end.

Django's row of a session holds its end, so pages, sockets and ``clearsessions``, which read that row, need no rule.
``OpenSession`` beside it holds what people are shown. Django loads ``SessionStore`` from here (``SESSION_ENGINE``).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.sessions.backends import db
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from agents.devices import describe_device, remember_device
from agents.models import User
from agents.models_accounts import OpenSession

SIGNED_IN_AT = "signed_in_at"  # session key: POSIX seconds
BY_THE_CLOCK = "X-By-The-Clock"  # a header of what no person asked for
# How often a session in use is written down, and so how exact its idle end and "last seen" are.
SEEN_EVERY = timedelta(minutes=5)


class SessionStore(db.SessionStore):
    """Django's sessions in the database. Their cookie lasts until the end by age, their row until the earlier end."""

    loaded: tuple[str | None, datetime] | None = None

    def get_expiry_age(self, **kwargs: Any) -> int:
        return max(int((self._end_by_age() - timezone.now()).total_seconds()), 0)

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        return min(timezone.now() + settings.SESSION_IDLE, self._end_by_age())

    def is_due(self, now: datetime) -> bool:
        """Returns whether the session's use should be written down again."""
        if self.loaded is None or self.loaded[0] != self.session_key or SIGNED_IN_AT not in self:
            return True
        return self.loaded[1] < min(now + settings.SESSION_IDLE, self._end_by_age()) - SEEN_EVERY

    def _end_by_age(self) -> datetime:
        began = self.get(SIGNED_IN_AT)
        start = datetime.fromtimestamp(began, UTC) if began else timezone.now()
        return start + timedelta(seconds=settings.SESSION_COOKIE_AGE)

    def _get_session_from_db(self) -> Any:
        row = super()._get_session_from_db()  # type: ignore[misc]  # the stubs leave it out
        self.loaded = (self.session_key, row.expire_date) if row else None
        return row


def sessions_are_seen(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that writes down, every few minutes, that a session is in use, which puts off its idle end.

    What a page asks for by itself, by the clock, is no use: a desk that everybody has left signs out.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        user, session = getattr(request, "user", None), request.session
        if BY_THE_CLOCK in request.headers:
            return response
        if user is not None and user.is_authenticated and session.is_due(timezone.now()):  # type: ignore[attr-defined]
            _note_seen(request, user, timezone.now())
        return response

    return middleware


def keep_alive(session_key: str, *, now: datetime) -> None:
    """Writes down that a session is in use by a socket. Call it for what a person does, not for what a page does."""
    store = SessionStore(session_key)
    if store.load() and store.is_due(now):
        _put_off_end(store, now)


def open_sessions(user: User, now: datetime) -> QuerySet[OpenSession]:
    """The person's sessions that haven't ended, the one used last first."""
    return user.open_sessions.filter(session_key__in=_rows().filter(expire_date__gt=now).values("pk")).order_by(
        "-seen_at", "-pk"
    )


def end_session(session: OpenSession) -> None:
    """Ends one session. Its pages are signed out at their next request, its sockets at their next beat."""
    _delete(OpenSession.objects.filter(pk=session.pk))


@transaction.atomic
def end_all_sessions(user: User) -> None:
    """Ends every session of the person, listed or not, and forgets the devices that were known."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    _delete(user.open_sessions.all())


def end_other_sessions(request: HttpRequest, user: User) -> None:
    """Ends every session but this one, which gets a new key."""
    end_all_sessions(user)
    go_on_alone(request, user)


def go_on_alone(request: HttpRequest, user: User) -> None:
    """Binds this session to what has just changed (a password, the end of the others), and ends the others."""
    update_session_auth_hash(request, user)
    _delete(user.open_sessions.exclude(session_key=request.session.session_key))
    remember_device(request, user)


def _note_seen(request: HttpRequest, user: User, now: datetime) -> None:
    session: Any = request.session
    if SIGNED_IN_AT not in session:  # begun by the release before, or in a way of Django's own
        session[SIGNED_IN_AT] = int(now.timestamp())
    began = datetime.fromtimestamp(session[SIGNED_IN_AT], UTC)
    row = OpenSession(
        session_key=session.session_key, user=user, device=describe_device(request), signed_in_at=began, seen_at=now
    )
    OpenSession.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["session_key"], update_fields=["seen_at", "device"]
    )
    _rows().filter(pk=session.session_key).update(expire_date=session.get_expiry_date())


def _put_off_end(store: SessionStore, now: datetime) -> None:
    OpenSession.objects.filter(session_key=store.session_key).update(seen_at=now)
    _rows().filter(pk=store.session_key).update(expire_date=store.get_expiry_date())


def _delete(sessions: QuerySet[OpenSession]) -> None:
    keys = list(sessions.values_list("session_key", flat=True))
    _rows().filter(pk__in=keys).delete()
    OpenSession.objects.filter(session_key__in=keys).delete()


def _rows() -> QuerySet:
    return SessionStore.get_model_class().objects.all()
