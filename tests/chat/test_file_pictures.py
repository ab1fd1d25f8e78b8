"""A picture is drawn anew: upright, without anything but its pixels; one of too many pixels is never decoded."""

import struct
import subprocess
import sys
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from chat.files import kinds, pictures
from chat.files.refusals import NotAccepted
from tests.chat.files import picture

SECRET = b"N37.5665-E126.9780"


def drawn(data: bytes) -> pictures.Picture:
    found = kinds.recognise(BytesIO(data))
    assert found is not None
    return pictures.redraw(BytesIO(data), found)


def with_everything(format: str) -> bytes:
    """A picture that lies on its side (Exif) and has a place (GPS), XMP, a profile and, if it can, a comment."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[29] = SECRET.decode()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return picture((80, 40), format, exif=exif, xmp=SECRET, icc_profile=profile, comment=SECRET)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_nothing_but_the_pixels_is_left(format):
    data = with_everything(format) + SECRET
    assert SECRET in data
    result = drawn(data)
    assert (result.width, result.height) == (40, 80)
    for content in (result.content, result.thumbnail):
        assert SECRET not in content.getvalue()
        with Image.open(content) as image:
            assert not image.getexif()
            assert not {"icc_profile", "xmp", "comment", "exif", "XML:com.adobe.xmp"} & image.info.keys()


def test_a_picture_of_a_phone_in_heic_is_stored_as_jpeg():
    pillow_heif = pytest.importorskip("pillow_heif")
    content = BytesIO()
    pillow_heif.from_pillow(Image.linear_gradient("L").convert("RGB")).save(content, quality=80)
    result = drawn(content.getvalue())
    assert result.type is kinds.JPEG
    assert Image.open(result.content).size == (256, 256)


def test_the_first_picture_of_a_moving_one_is_kept():
    frames = [Image.new("RGB", (60, 30), colour) for colour in ("red", "lime", "blue")]
    for name, stored in (("GIF", kinds.PNG), ("WEBP", kinds.WEBP)):
        content = BytesIO()
        frames[0].save(content, name, save_all=True, append_images=frames[1:])
        result = drawn(content.getvalue())
        assert result.type is stored
        with Image.open(result.content) as image:
            assert getattr(image, "n_frames", 1) == 1
            assert image.convert("RGB").getpixel((5, 5))[0] > 200


def test_a_thumbnail_is_small_and_white_behind():
    content = BytesIO()
    Image.new("RGBA", (3000, 1500), (0, 0, 0, 0)).save(content, "PNG")
    result = drawn(content.getvalue())
    with Image.open(result.thumbnail) as image:
        assert (image.format, image.size) == ("JPEG", (320, 160))
        assert image.getpixel((10, 10)) == (255, 255, 255)
    with Image.open(result.content) as image:
        assert image.mode == "RGBA"


def test_a_huge_picture_is_made_smaller():
    result = drawn(picture((6000, 3000), "JPEG"))
    assert (result.width, result.height) == (4096, 2048)


def test_a_small_picture_keeps_its_size():
    result = drawn(picture((3, 5)))
    assert (result.width, result.height) == (3, 5)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_pictures_of_every_mode_are_drawn(mode):
    content = BytesIO()
    Image.new("RGBA", (20, 10), (200, 30, 30, 128)).convert("L" if mode == "I;16" else mode).convert(mode).save(
        content, "PNG"
    )
    result = drawn(content.getvalue())
    assert (result.width, result.height) == (20, 10)


def test_a_picture_for_print_is_drawn():
    content = BytesIO()
    Image.new("CMYK", (20, 10)).save(content, "JPEG")
    assert Image.open(drawn(content.getvalue()).content).mode == "RGB"


def bomb(width: int, height: int) -> bytes:
    """A PNG that announces so many pixels and has none."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    ("mode", "size", "name"),
    [("RGB", (8160, 6120), "JPEG"), ("RGBA", (7680, 4320), "PNG"), ("RGBA", (4000, 4000), "WEBP")],
)
def test_the_largest_pictures_take_bounded_memory(mode, size, name):
    """A process of its own has its own peak; what `getrusage` tells begins with that of the tests (getrusage(2))."""
    content = BytesIO()
    Image.new(mode, size).save(content, name)
    data = content.getvalue()
    code = r"""
import io, re, sys
import django; django.setup()
from chat.files import kinds, pictures
data = io.BytesIO(sys.stdin.buffer.read())
pictures.redraw(data, kinds.recognise(data))
print(int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) // 1024)
"""
    said = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert int(said.stdout) < 500  # MB, with the program itself


@pytest.mark.parametrize("size", [(6801, 5000), (20_000, 20_000), (2_000_000, 2_000_000)])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(size, monkeypatch):
    monkeypatch.setattr(Image.Image, "convert", lambda *_args, **_kwargs: pytest.fail("it was decoded"))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda *_args: pytest.fail("it was decoded"))
    with pytest.raises(NotAccepted, match=r"too many pixels|damaged"):
        drawn(bomb(*size))


@pytest.mark.parametrize("data", [picture()[:200], picture(format="JPEG")[:400], bomb(100, 100), b"GIF89a" + bytes(50)])
def test_a_broken_picture_is_refused(data):
    with pytest.raises(NotAccepted, match="damaged"):
        drawn(data)
