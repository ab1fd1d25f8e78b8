"""Knows a customer's network again without keeping its address: by a keyed hash, another one in each service."""

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from chat.models import Chat
from contiple.base.addresses import client_address, network

KEPT = timedelta(days=1)  # after the end of a chat, so that its network can still be blocked


def network_of(service_id: int, request: HttpRequest) -> str:
    """Returns the hash of the request's network, ``""`` if its address isn't known."""
    return hash_of(service_id, client_address(request))


def hash_of(service_id: int, address: str) -> str:
    if not address:
        return ""
    text = f"{service_id} {network(address)}"
    return salted_hmac("chat.abuse.networks", text, algorithm="sha256").hexdigest()[:32]


def forget_old() -> None:
    """Forgets the networks of chats that ended a day ago."""
    Chat.objects.filter(~Q(network=""), closed_at__lt=Now() - KEPT).update(network="")
