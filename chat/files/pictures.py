"""Draws pictures anew: what is stored has the pixels of what was sent, turned upright, and nothing else of it.

No Exif, GPS, XMP, comment, thumbnail or colour profile is left, and nothing that stood behind the picture. A picture of
too many pixels is refused before it is decoded. Pillow is imported when the first picture comes: it takes a while.
"""

import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from django.utils.translation import gettext_lazy as _

from chat.files.kinds import AVIF, GIF, HEIC, JPEG, PNG, WEBP, Type
from chat.files.refusals import NotAccepted

if TYPE_CHECKING:
    from PIL.Image import Image

# No picture takes more than 400 MB while it is drawn: a megapixel of JPEG takes 7 MB, of PNG 11, of WebP 22. Phones
# make 50 megapixels, screens of 8K have 33.
PIXELS_MAX = {JPEG: 50_000_000, HEIC: 50_000_000, PNG: 34_000_000, GIF: 16_000_000, WEBP: 16_000_000, AVIF: 16_000_000}
SIDE_MAX = 4096  # pixels: small print in a photo of a page can be read
THUMBNAIL_SIDE = 320
QUALITY, COMPRESSION = 88, 3  # of JPEG and WebP, of PNG: nearly as small as with 6, in half the time
_FORMATS = {JPEG: "JPEG", PNG: "PNG", GIF: "GIF", WEBP: "WEBP", HEIC: "HEIF", AVIF: "AVIF"}
# What the picture is stored as. Few programs show HEIC; of a moving GIF the first picture is kept.
_STORED_AS = {JPEG: JPEG, PNG: PNG, GIF: PNG, WEBP: WEBP, HEIC: JPEG, AVIF: JPEG}
_SMOOTH = {"RGB", "RGBA", "L", "LA", "CMYK", "YCbCr"}  # modes in which a picture is made smaller without steps


class Picture(NamedTuple):
    type: Type
    content: BytesIO
    width: int
    height: int
    thumbnail: BytesIO  # JPEG


def redraw(file: BinaryIO, found: Type) -> Picture:
    """Returns the picture in ``file``, drawn anew. Takes up to seconds. Raises ``NotAccepted``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, of which nothing is kept
            image = _decoded(file, found)
    except NotAccepted:
        raise
    except Exception:  # noqa: BLE001 - decoders raise nearly anything for a broken picture
        raise _broken() from None
    stored = _STORED_AS[found]
    return Picture(stored, _encoded(image, stored), *image.size, _thumbnail(image))


def _decoded(file: BinaryIO, found: Type) -> "Image":
    from PIL import Image, ImageOps

    if found is HEIC:
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    file.seek(0)
    with Image.open(file, formats=[_FORMATS[found]]) as image:
        if image.width * image.height > PIXELS_MAX[found]:
            raise NotAccepted(_("This picture has too many pixels."), code="broken", status=422)
        # Made smaller before anything else: at most one picture of the full size is in memory.
        small: Any = image if image.mode in _SMOOTH else image.convert("RGBA" if image.has_transparency_data else "RGB")
        small.thumbnail((SIDE_MAX, SIDE_MAX))
        small = _in_srgb(ImageOps.exif_transpose(small))
        drawn: Any = small.convert("RGBA" if small.has_transparency_data else "RGB")
        drawn.info = {}
        return drawn


def _in_srgb(image: "Image") -> "Image":
    """Returns the picture with the colours that its profile means, as the profile itself isn't kept."""
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "CMYK"}:
        return image
    try:
        own = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def _encoded(image: "Image", stored: Type) -> BytesIO:
    content = BytesIO()
    _flat(image, stored).save(content, _FORMATS[stored], quality=QUALITY, compress_level=COMPRESSION)
    content.seek(0)
    return content


def _thumbnail(image: "Image") -> BytesIO:
    small = image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return _encoded(small, JPEG)


def _flat(image: "Image", stored: Type) -> "Image":
    """Returns the picture on white, if it is to be stored as JPEG, which knows nothing transparent."""
    from PIL import Image

    if stored is not JPEG or image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _broken() -> NotAccepted:
    return NotAccepted(_("This picture is damaged and can’t be shown."), code="broken", status=422)
