"""Signs people in by e-mail and password, and limits that and requests for a new password.

An unknown e-mail, a wrong password and an inactive person get the same answer after the same work (Django hashes the
password in each case). Both are limited by e-mail and by address.
"""

from datetime import datetime

from django.contrib.auth import authenticate, login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from agents import throttle
from agents.models import User
from agents.second_factor import step_up
from contiple.base.addresses import client_address


def verify_password(request: HttpRequest, *, email: str, password: str, now: datetime) -> User | None:
    """Returns the person, or ``None``. Only failures stay counted. Raises ``TooMany`` before it checks the password."""
    email = email.strip().lower()
    limits = {
        throttle.SIGN_IN_BY_EMAIL: email,
        throttle.SIGN_IN_BY_ADDRESS: throttle.network(client_address(request)),
    }
    counted = throttle.count_attempts(limits, now=now)
    user = authenticate(request, username=email, password=password)
    if user is not None:
        throttle.forget(counted)
        throttle.forget_all(throttle.SIGN_IN_BY_EMAIL, email)
    return user


def begin_session(request: HttpRequest, user: User, *, proved: bool = False) -> None:
    """Signs the person in on this device. Every session begins here, after whatever has proved who it is.

    Who has a second factor has ``proved`` it, or gets no session: `second_factor.pending` asks for it.
    """
    if user.second_factor and not proved:
        raise PermissionDenied
    login(request, user)
    step_up.note(request, now=timezone.now())


def count_reset(request: HttpRequest, email: str, *, now: datetime) -> None:
    """Counts a request for a new password. Raises ``TooMany``, whether or not the e-mail is known."""
    limits = {
        throttle.RESET_BY_EMAIL: email.strip().lower(),
        throttle.RESET_BY_ADDRESS: throttle.network(client_address(request)),
    }
    throttle.count_attempts(limits, now=now)
