"""Exact origins (RFC 6454) that an admin names: sites whose pages may show the Chat Widget.

They end up in a ``frame-ancestors`` directive, so nothing may come through that means something else there.
"""

import re
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from contiple.base.errors import Invalid

ORIGINS_MAX = 20  # the directive is sent with each page of the widget
ORIGIN_LENGTH_MAX = 200
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})*")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def parse_origins(text: str) -> list[str]:
    """One a line, each once, in the spelling browsers send. Raises ``Invalid`` that names the first wrong line."""
    origins = list(dict.fromkeys(parse_origin(line.strip()) for line in text.splitlines() if line.strip()))
    if len(origins) > ORIGINS_MAX:
        raise Invalid(_("You can add up to %(max)d sites.") % {"max": ORIGINS_MAX})
    return origins


def parse_origin(line: str) -> str:
    """Scheme, host and port in lower case, a host in other letters as punycode, without the scheme's own port."""
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
