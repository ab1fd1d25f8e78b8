"""Finds addresses in what people write, and makes them links. An address ends where its writer has ended it. Pure."""

import re

from django.utils.html import escape, format_html

# Signs that no address has: in Chinese, Japanese and Korean text no space stands before them.
_ENDS = "。．、，！？：；…（）「」『』【】《》〈〉〔〕"
_ADDRESS = re.compile(rf"https?://[^\s<>\"'`\\{_ENDS}]+", re.IGNORECASE)
_PUNCTUATION = ".,;:!?*"
_BRACKETS = {")": "(", "]": "[", "}": "{", "”": "“", "’": "‘", "»": "«"}
_PARTICLES = (
    "(?:이?라고|이?라는|이?라서|이?랑|하고|하면|에서|에게|한테|에|으?로|까지|부터|보다|처럼|마다|밖에|이?나|이?고|인데|입니다|이에요|예요|이며|의)?"
    "(?:은|는|이|가|을|를|도|만|와|과|요)?"
)
# After a letter or sign that isn't Hangul, words such as “을” belong to the sentence. After Hangul only those do that
# hardly any word ends with: an address such as “/가을” is whole.
_PARTICLE = re.compile(rf"(?:(?<=[\x21-\x7e])(?<!=){_PARTICLES}|(?<=[가-힣])(?:를|에서|으로))\Z")

_TAIL = 8  # longer than any particle


def linked(text: str) -> str:
    """Returns ``text`` escaped, with addresses as links. They open in a new tab and tell their target nothing.

    Its text content is ``text``, to the character.
    """
    if "://" not in text:
        return str.__str__(escape(text))
    parts, at = [], 0
    for match in _ADDRESS.finditer(text):
        address = _ended(match.group())
        if not address.partition("://")[2]:
            continue
        parts += [escape(text[at : match.start()]), _link(address)]
        at = match.start() + len(address)
    return "".join([*parts, escape(text[at:])])


def _link(address: str) -> str:
    return format_html('<a href="{0}" target="_blank" rel="noopener noreferrer nofollow ugc">{0}</a>', address)


def _ended(address: str) -> str:
    """Returns the address without the punctuation, the bracket and the particle that belong to the sentence."""
    while True:
        end = address.rstrip(_PUNCTUATION)
        end = end[:-_TAIL] + _PARTICLE.sub("", end[-_TAIL:])
        opening = _BRACKETS.get(end[-1:])
        if opening and end.count(end[-1]) > end.count(opening):
            end = end[:-1]
        if end == address:
            return address
        address = end
