"""Finds the address that a request or a socket comes from, as far as it can be trusted.

``TRUST_PROXY`` alone: there is exactly one proxy in front, and the last entry of ``X-Forwarded-For``, which it wrote
itself, counts. ``TRUSTED_PROXIES``: headers count only from these, and ``X-Forwarded-For`` is read from the right past
them. The client may have invented everything before the first address that isn't trusted.
"""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address


def client_address(request: HttpRequest) -> str:
    """Returns the client's IP address, or ``""`` if there is none (a Unix socket without a proxy)."""
    return _client(request.META.get("REMOTE_ADDR") or "", lambda name: request.headers.get(name, ""))


def scope_address(scope: dict[str, Any]) -> str:
    """Returns the same for an ASGI scope, of a page or of a socket."""

    def header(name: str) -> str:
        wanted = name.lower().encode()
        return ",".join(value.decode("latin1") for key, value in scope["headers"] if key == wanted)

    return _client((scope.get("client") or [""])[0], header)


def is_from_proxy(scope: dict[str, Any]) -> bool:
    """Says whether a trusted proxy has passed this request on, so that headers which only proxies write count."""
    return _is_trusted(_address((scope.get("client") or [""])[0]))


def network(address: str) -> str:
    """Returns the network that one customer of a provider has: an IPv4 address, or a whole IPv6 /64."""
    found = _address(address)
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address


def counted_network(peer: str) -> str:
    """Returns the network whose connections are counted; ``""`` for this machine and for proxies, which count them."""
    found = _address(peer)
    if found is None or found.is_loopback or _is_trusted(found):
        return ""
    return network(str(found))


def _client(peer: str, header: Callable[[str], str]) -> str:
    found = _address(peer)
    if _is_trusted(found):
        found = _named(header) or _forwarded(header("X-Forwarded-For"), found)
    return str(found or "")


def _named(header: Callable[[str], str]) -> Address | None:
    """Returns the address in the CDN's header. Who comes to our own proxy past the CDN may have written it himself."""
    before = header("X-Forwarded-For").rpartition(",")[2].strip()
    if not settings.CLIENT_ADDRESS_HEADER or (before and not _is_trusted(_address(before))):
        return None
    return _address(header(settings.CLIENT_ADDRESS_HEADER))


def _forwarded(chain: str, peer: Address | None) -> Address | None:
    """Returns the nearest address that isn't a trusted proxy, or the farthest one that can be read."""
    nearest = peer
    for entry in reversed(chain.split(",")):
        found = _address(entry)
        if found is None:
            break
        nearest = found
        if not settings.TRUSTED_PROXIES or not _is_trusted(found):
            break
    return nearest


def _is_trusted(address: Address | None) -> bool:
    if not settings.TRUSTED_PROXIES:
        return bool(settings.TRUST_PROXY)
    return address is not None and any(address in proxies for proxies in settings.TRUSTED_PROXIES)


def _address(text: str) -> Address | None:
    """Reads an address, also with a port, as some proxies write it. IPv4 inside IPv6 is IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
