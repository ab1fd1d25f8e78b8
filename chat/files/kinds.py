"""Says what a file is by its content. The sender's name and type of a file are claims: nothing here reads them.

The list is short and closed: what is not on it is refused. A file that is two things at once, as a PDF that is also a
ZIP, is refused too: readers would disagree about it.
"""

import zipfile
from typing import BinaryIO, NamedTuple

from chat.file import ChatFile
from chat.files import texts

Kind = ChatFile.Kind
HEAD_BYTES = 4096
PIECE_BYTES = 64 * 1024


class Type(NamedTuple):
    """A type of file. The first of the extensions is given to a name that has none of them."""

    kind: str
    content_type: str
    extensions: tuple[str, ...]


JPEG = Type(Kind.PICTURE, "image/jpeg", ("jpg", "jpeg", "jpe", "jfif"))
PNG = Type(Kind.PICTURE, "image/png", ("png",))
GIF = Type(Kind.PICTURE, "image/gif", ("gif",))
WEBP = Type(Kind.PICTURE, "image/webp", ("webp",))
HEIC = Type(Kind.PICTURE, "image/heic", ("heic", "heif"))
AVIF = Type(Kind.PICTURE, "image/avif", ("avif",))
PDF = Type(Kind.DOCUMENT, "application/pdf", ("pdf",))
TEXT = Type(Kind.DOCUMENT, "text/plain", ("txt", "csv"))
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = Type(Kind.DOCUMENT, f"{_OFFICE}wordprocessingml.document", ("docx",))
XLSX = Type(Kind.DOCUMENT, f"{_OFFICE}spreadsheetml.sheet", ("xlsx",))
PPTX = Type(Kind.DOCUMENT, f"{_OFFICE}presentationml.presentation", ("pptx",))
HWPX = Type(Kind.DOCUMENT, "application/hwp+zip", ("hwpx",))
ODT = Type(Kind.DOCUMENT, "application/vnd.oasis.opendocument.text", ("odt",))
ODS = Type(Kind.DOCUMENT, "application/vnd.oasis.opendocument.spreadsheet", ("ods",))
ODP = Type(Kind.DOCUMENT, "application/vnd.oasis.opendocument.presentation", ("odp",))
DOC = Type(Kind.DOCUMENT, "application/msword", ("doc",))
XLS = Type(Kind.DOCUMENT, "application/vnd.ms-excel", ("xls",))
PPT = Type(Kind.DOCUMENT, "application/vnd.ms-powerpoint", ("ppt",))
HWP = Type(Kind.DOCUMENT, "application/x-hwp", ("hwp",))
MP3 = Type(Kind.AUDIO, "audio/mpeg", ("mp3",))
M4A = Type(Kind.AUDIO, "audio/mp4", ("m4a",))
WAV = Type(Kind.AUDIO, "audio/wav", ("wav",))
OGG = Type(Kind.AUDIO, "audio/ogg", ("ogg", "oga", "opus"))
MP4 = Type(Kind.VIDEO, "video/mp4", ("mp4", "m4v"))
MOV = Type(Kind.VIDEO, "video/quicktime", ("mov",))
WEBM = Type(Kind.VIDEO, "video/webm", ("webm",))
ZIP = Type(Kind.ARCHIVE, "application/zip", ("zip",))
SEVEN_ZIP = Type(Kind.ARCHIVE, "application/x-7z-compressed", ("7z",))
TYPES = tuple(value for value in list(globals().values()) if isinstance(value, Type))

# What a file begins with; a dot stands for any byte there (no signature has one).
_BEGINNINGS = [
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"RIFF....WEBP", WEBP),
    (b"RIFF....WAVE", WAV),
    (b"%PDF-", PDF),
    (b"ID3", MP3),
    (b"\xff\xfb", MP3),
    (b"\xff\xf3", MP3),
    (b"\xff\xf2", MP3),
    (b"OggS\0", OGG),
    (b"7z\xbc\xaf\x27\x1c", SEVEN_ZIP),
]
# The brands of files in ISO's base media format (ISO/IEC 14496-12, "ftyp").
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"mif1"), HEIC),
    **dict.fromkeys((b"avif", b"avis"), AVIF),
    **dict.fromkeys((b"M4A ", b"M4B "), M4A),
    **dict.fromkeys((b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"M4V "), MP4),
    **dict.fromkeys((b"3gp4", b"3gp5", b"3gp6", b"MSNV"), MP4),
    b"qt  ": MOV,
}
# Streams of an OLE2 file ([MS-CFB] 2.6.1): each entry of its directory has 128 bytes and begins with the name.
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS = {"WordDocument": DOC, "Workbook": XLS, "Book": XLS, "PowerPoint Document": PPT, "HwpSummaryInformation": HWP}
_MACROS = "_VBA_PROJECT"
_ENTRY_BYTES = 128
# The folder that makes a package (ECMA-376-2) what it is. Macros and programs for Java and Android are no documents.
_PACKAGE = "[Content_Types].xml"
_FOLDERS = {"word/": DOCX, "xl/": XLSX, "ppt/": PPTX}
_MIMETYPES = {kind.content_type.encode(): kind for kind in (HWPX, ODT, ODS, ODP)}
_PROGRAMS = ("vbaproject.bin", "androidmanifest.xml", "classes.dex", "meta-inf/manifest.mf")
_MEMBERS_MAX = 20_000


def recognise(file: BinaryIO) -> Type | None:
    """Returns the type of the file, or ``None`` for one that is on no list. Reads in pieces.

    Of a ZIP it opens one member at most, which names the type and is not compressed.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if head.startswith(b"PK\3\4"):
        return _zipped(file)
    found = _by_beginning(head) or _by_brand(head) or (_ole2(file) if head.startswith(_OLE2) else None)
    if found is None and head and texts.is_text(file):
        found = TEXT
    return None if found is None or _is_also_a_zip(file) else found


def _by_beginning(head: bytes) -> Type | None:
    if head.startswith(b"\x1aE\xdf\xa3"):  # EBML, whose header names its type
        return WEBM if b"\x42\x82\x84webm" in head[:64] else None
    return next((found for pattern, found in _BEGINNINGS if _begins(head, pattern)), None)


def _begins(head: bytes, pattern: bytes) -> bool:
    if len(head) < len(pattern):
        return False
    return all(want in (byte, 0x2E) for want, byte in zip(pattern, head, strict=False))


def _by_brand(head: bytes) -> Type | None:
    """The major brand counts, else the first compatible one that is known."""
    if head[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
    if head[8:12] == b"mif1":  # any picture: the compatible brands say which
        brands = [*brands[1:], b"mif1"]
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)


def _zipped(file: BinaryIO) -> Type | None:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if not names or len(names) > _MEMBERS_MAX or _starts_late(archive):
                return None
            return _of_members(archive, names)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError):
        return None


def _starts_late(archive: zipfile.ZipFile) -> bool:
    """Whether something stands before the first member: another file."""
    return min(member.header_offset for member in archive.infolist()) != 0


def _of_members(archive: zipfile.ZipFile, names: list[str]) -> Type | None:
    if any(name.lower().endswith(_PROGRAMS) for name in names):
        return None
    if names[0] == "mimetype" and archive.getinfo("mimetype").compress_type == zipfile.ZIP_STORED:
        with archive.open("mimetype") as member:
            return _MIMETYPES.get(member.read(100).strip())
    if _PACKAGE not in names:
        return ZIP
    return next((found for folder, found in _FOLDERS.items() if any(name.startswith(folder) for name in names)), ZIP)


def _ole2(file: BinaryIO) -> Type | None:
    """Looks for the names of streams where entries of directories may begin."""
    found: Type | None = None
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        if _has_stream(piece, _MACROS):
            return None
        found = found or next((kind for name, kind in _STREAMS.items() if _has_stream(piece, name)), None)
    return found


def _has_stream(piece: bytes, name: str) -> bool:
    wanted, at = f"{name}\0".encode("utf-16-le"), -1
    while (at := piece.find(wanted, at + 1)) != -1:
        if at % _ENTRY_BYTES in {0, 2}:  # HWP's name has a sign before it
            return True
    return False


def _is_also_a_zip(file: BinaryIO) -> bool:
    file.seek(0)
    return zipfile.is_zipfile(file)
