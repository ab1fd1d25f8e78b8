"""Makes a service's colour legible: text on it reaches the contrast of WCAG 2.2, 1.4.3, whatever was chosen."""

CONTRAST_MIN = 4.5
LIGHT, DARK = "#fff", "#111"
# A step of darkening keeps this much of each channel: too little a change to be seen.
_STEP = 0.98


def legible(colour: str) -> str:
    """Returns ``colour`` (``#rrggbb``), or the nearest darker shade on which light or dark text can be read.

    For a luminance around 0.19, neither text reaches 4.5.
    """
    channels = _channels(colour)
    while max(_contrast(channels, _channels(text)) for text in (LIGHT, DARK)) < CONTRAST_MIN:
        channels = tuple(int(channel * _STEP) for channel in channels)
    return "#{:02x}{:02x}{:02x}".format(*channels)


def on_colour(colour: str) -> str:
    """Returns the text colour for ``legible(colour)``: the lighter one if both can be read."""
    return LIGHT if contrast(legible(colour), LIGHT) >= CONTRAST_MIN else DARK


def contrast(one: str, other: str) -> float:
    """Returns WCAG 2.2's contrast ratio of two colours, 1 to 21."""
    return _contrast(_channels(one), _channels(other))


def _contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(channels: tuple[int, ...]) -> float:
    red, green, blue = (_linear(channel / 255) for channel in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _channels(colour: str) -> tuple[int, ...]:
    digits = colour.removeprefix("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    return tuple(int(digits[at : at + 2], 16) for at in (0, 2, 4))
