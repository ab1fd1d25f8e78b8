"""Reads the exact origins (RFC 6454) of sites that may show the Chat Widget, as an admin writes them.

They go into a ``frame-ancestors`` directive, so a text that means something else there must not pass.
"""

import re
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from contiple.base.errors import Invalid

ORIGINS_MAX = 20  # each page of the widget carries the directive
ORIGIN_LENGTH_MAX = 200
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})*")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def parse_origins(text: str) -> list[str]:
    """Reads one origin per line; returns each once, as browsers spell it. Raises ``Invalid``, with the wrong line."""
    origins = list(dict.fromkeys(parse_origin(line.strip()) for line in text.splitlines() if line.strip()))
    if len(origins) > ORIGINS_MAX:
        raise Invalid(_("You can add up to %(max)d sites.") % {"max": ORIGINS_MAX})
    return origins


def parse_origin(line: str) -> str:
    """Returns scheme, host and port in lower case: punycode for other letters, no port if it is the scheme's own."""
    try:
        parts = urlsplit(line)
        port, host = parts.port, (parts.hostname or "").encode("idna").decode()
    except ValueError:
        raise _wrong(line) from None
    bare = parts.path in {"", "/"} and not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host) or not bare or line.endswith(("?", "#", ":")):
        raise _wrong(line)
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS[parts.scheme] else "")
    if len(origin) > ORIGIN_LENGTH_MAX:
        raise _wrong(line)
    return origin


def _wrong(line: str) -> Invalid:
    return Invalid(_("“%(line)s” is not an origin such as https://www.example.com.") % {"line": line[:100]})
