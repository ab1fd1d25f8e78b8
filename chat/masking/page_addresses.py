"""Reads the address of the page that a customer comes from, as people and forms write it, and masks it.

No original is kept. Signs may be encoded (``%34``), also several times (``%2534``), and a form writes a space as ``+``.
The address is stored decoded, in linear time, so that detectors see what people see.
"""

import re
from urllib.parse import unquote

from agents.models import Service
from chat.masking import concealing
from chat.masking.spans import apply_mask
from contiple.base.texts import MESSAGE_LENGTH_MAX

# What a script can send before it is cut; each sign of a page's address may take many when it is encoded.
RAW_LENGTH_MAX = 32_000
ROUNDS = 3  # for codes that stand inside codes (%%33%34); each round decodes a sign as often as it is encoded
_ENCODED_AGAIN = re.compile(r"%(?:25)+(?=[0-9A-Fa-f]{2})")
# Signs that stand between the groups of a number in an address and that no detector takes for a space.
_AS_SPACES = str.maketrans(dict.fromkeys("+_;,|~!*", " "))


def masked_address(service: Service, raw: str, *, length: int) -> str:
    """Returns at most ``length`` characters of the address, decoded and masked by the service's rules.

    It is read twice: as it stands, and with those signs as spaces. Both readings have its offsets.
    """
    address = decoded(raw[:RAW_LENGTH_MAX])[:MESSAGE_LENGTH_MAX]
    readings = dict.fromkeys([address, address.translate(_AS_SPACES)])
    spans = [span for reading in readings for span in concealing.search(service, reading).bounds]
    return apply_mask(address, spans)[:length]


def decoded(address: str) -> str:
    for _ in range(ROUNDS):
        address = unquote(_ENCODED_AGAIN.sub("%", address))
    return "".join(filter(str.isprintable, address))
