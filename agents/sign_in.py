"""Signs people in by e-mail and password, and limits that and requests for a new password.

An unknown e-mail, a wrong password and an inactive person get the same answer after the same work (Django hashes the
password in each case). Both are limited by e-mail and by address.
"""

from datetime import datetime

from django.contrib.auth import authenticate
from django.http import HttpRequest

from agents import throttle
from agents.models import User
from contiple.base.addresses import client_address
from contiple.base.errors import Busy


def verify_password(request: HttpRequest, *, email: str, password: str, now: datetime) -> User | None:
    """Returns the person, or ``None``. Only failures stay counted.

    Raises ``TooMany`` before it checks the password, and ``Busy`` if it can't be checked in time.
    """
    email = email.strip().lower()
    limits = {
        throttle.SIGN_IN_BY_EMAIL: email,
        throttle.SIGN_IN_BY_ADDRESS: throttle.network(client_address(request)),
    }
    counted = throttle.count_attempts(limits, now=now)
    try:
        user = authenticate(request, username=email, password=password)
    except Busy:
        throttle.forget(counted)  # it was no attempt at a password
        raise
    if user is not None:
        throttle.forget(counted)
        throttle.forget_all(throttle.SIGN_IN_BY_EMAIL, email)
    return user


def count_reset(request: HttpRequest, email: str, *, now: datetime) -> None:
    """Counts a request for a new password. Raises ``TooMany``, whether or not the e-mail is known."""
    limits = {
        throttle.RESET_BY_EMAIL: email.strip().lower(),
        throttle.RESET_BY_ADDRESS: throttle.network(client_address(request)),
    }
    throttle.count_attempts(limits, now=now)
