"""Signs people in by e-mail and password, and limits that and requests for a new password.

An unknown e-mail, a wrong password and an inactive person get the same answer after the same work (Django hashes the
password in each case, and each failure is one entry of a trail). Strangers are counted together, by e-mail and by
network. A device on which the person has signed in before has a count of its own instead, so that no stranger's
failures keep the person out.
"""

from datetime import datetime

from django.contrib.auth import authenticate, login, logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from agents import account_trail, throttle
from agents.devices import known_device, remember_device
from agents.models import Attempt, User
from agents.models_accounts import AccountEntry
from agents.second_factor import step_up
from agents.sessions import SIGNED_IN_AT
from contiple.base.addresses import client_address, network
from contiple.base.email_addresses import canonical
from contiple.base.errors import Busy

Factor = AccountEntry.Factor


def verify_password(request: HttpRequest, *, email: str, password: str, now: datetime) -> User | None:
    """Returns the person, or ``None``. Only failures stay counted.

    Raises ``TooMany`` before it checks the password, and ``Busy`` if it can't be checked in time.
    """
    email = canonical(email)
    account = User.objects.filter(email=email).first()
    counted = throttle.count_attempts(_sign_in_limits(request, email, account), now=now)
    try:
        user = authenticate(request, username=email, password=password)
    except Busy:
        throttle.forget(counted)  # it was no attempt at a password
        raise
    if user is None:
        account_trail.record(request, account, AccountEntry.Action.SIGN_IN_FAILED, factor=Factor.PASSWORD)
        return None
    throttle.forget(counted)
    if not known_device(request, account):
        throttle.forget_all(throttle.SIGN_IN_BY_EMAIL, email)
    return user


def count_passkey(request: HttpRequest, owner: User | None, *, now: datetime) -> list[Attempt]:
    """Counts an attempt with a passkey and no password, to be forgotten if it succeeds. Raises ``TooMany``."""
    device = known_device(request, owner)
    limit, who = (
        (throttle.SIGN_IN_BY_DEVICE, device)
        if device
        else (throttle.PASSKEY_BY_ADDRESS, network(client_address(request)))
    )
    return [throttle.count_attempt(limit, who, now=now)]


def begin_session(request: HttpRequest, user: User, *, by: Factor, proved: bool = False) -> None:
    """Signs the person in on this device. Every session begins here, after whatever has proved who it is.

    ``by`` is what proved it last. Who has a second factor has ``proved`` it, or gets no session:
    `second_factor.pending` asks for it.
    """
    if user.second_factor and not proved:
        raise PermissionDenied
    login(request, user)
    step_up.note(request, now=timezone.now())
    request.session[SIGNED_IN_AT] = int(timezone.now().timestamp())
    # The links for a new password that were mailed before have just stopped working: the next one must not be refused.
    throttle.forget_all(throttle.RESET_BY_EMAIL, canonical(user.email))
    remember_device(request, user)
    account_trail.record(request, user, AccountEntry.Action.SIGN_IN, factor=by)


def finish_session(request: HttpRequest) -> None:
    """Signs out on this device. Fine to call for somebody who isn't signed in."""
    if request.user.is_authenticated:
        account_trail.record(request, request.user, AccountEntry.Action.SIGN_OUT)
    logout(request)


def count_reset(request: HttpRequest, email: str, *, now: datetime) -> bool:
    """Counts a request for a new password. Returns whether a mail may be sent for it.

    ``False`` is not to be told to anybody: it says that the mails of the last hour must do. Raises ``TooMany`` for a
    network that asks for many, whatever e-mails they are.
    """
    email = canonical(email)
    device = known_device(request, User.objects.filter(email=email).first())
    if device:
        return throttle.allow(throttle.RESET_BY_DEVICE, device, now=now)
    throttle.count_attempt(throttle.RESET_BY_ADDRESS, network(client_address(request)), now=now)
    return throttle.allow(throttle.RESET_BY_EMAIL, email, now=now)


def forget_failures(user: User) -> None:
    """Lets the person try again from anywhere: by a mailed link, the mailbox has just proved who it is."""
    throttle.forget_all(throttle.SIGN_IN_BY_EMAIL, canonical(user.email))


def _sign_in_limits(request: HttpRequest, email: str, account: User | None) -> dict[throttle.Limit, str]:
    device = known_device(request, account)
    if device:
        return {throttle.SIGN_IN_BY_DEVICE: device}
    return {throttle.SIGN_IN_BY_EMAIL: email, throttle.SIGN_IN_BY_ADDRESS: network(client_address(request))}
