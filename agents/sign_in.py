"""Signing in with e-mail and password, and asking for a new password: what may be tried, how often, and what is said.

Unknown e-mail, wrong password and inactive person get one answer after the same work (Django hashes the password in
each case). Both operations are limited by e-mail and by address.
"""

from datetime import datetime

from django.contrib.auth import authenticate
from django.http import HttpRequest

from agents import throttle
from agents.models import User
from contiple.base.addresses import client_address


def verify_password(request: HttpRequest, *, email: str, password: str, now: datetime) -> User | None:
    """The person, or ``None``. Only failures stay counted. Raises ``TooMany`` without looking at the password."""
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


def count_reset(request: HttpRequest, email: str, *, now: datetime) -> None:
    """Raises ``TooMany``, whether there is somebody with this e-mail or not."""
    limits = {
        throttle.RESET_BY_EMAIL: email.strip().lower(),
        throttle.RESET_BY_ADDRESS: throttle.network(client_address(request)),
    }
    throttle.count_attempts(limits, now=now)
