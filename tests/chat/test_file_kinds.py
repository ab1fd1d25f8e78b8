"""A file is what its content says: every type on the list is told, everything else is refused, whatever its name."""

import zipfile
from io import BytesIO

import pytest

from chat.files import kinds, names
from chat.files.refusals import NotAccepted
from tests.cases import cases
from tests.chat.files import PDF, picture, zipped

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def office(main: str) -> bytes:
    return zipped(**{"[Content_Types].xml": "<Types/>", main: "<x/>"})


def stored_mimetype(text: str) -> bytes:
    return zipped(mimetype=text, **{"content.xml": "<x/>"})


def compound(stream: str, *more: str) -> bytes:
    entries = [name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", stream, *more)]
    return OLE2 + b"".join(entries).ljust(512, b"\0")


def media(brand: bytes, *compatible: bytes) -> bytes:
    brands = brand + bytes(4) + b"".join(compatible)
    return (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands + bytes(64)


KNOWN = {
    "png": (picture(), kinds.PNG),
    "jpeg": (picture(format="JPEG"), kinds.JPEG),
    "gif": (picture(format="GIF"), kinds.GIF),
    "webp": (picture(format="WEBP"), kinds.WEBP),
    "avif": (picture((64, 64), format="AVIF"), kinds.AVIF),
    "heic": (media(b"heic", b"mif1"), kinds.HEIC),
    "heif by its compatible brand": (media(b"mif1", b"heic"), kinds.HEIC),
    "avif that says any picture": (media(b"mif1", b"avif"), kinds.AVIF),
    "pdf": (PDF, kinds.PDF),
    "docx": (office("word/document.xml"), kinds.DOCX),
    "docx with another first part": (office("word/document2.xml"), kinds.DOCX),
    "a ZIP with a folder of that name": (zipped(**{"word/a.txt": "a"}), kinds.ZIP),
    "xlsx": (office("xl/workbook.xml"), kinds.XLSX),
    "pptx": (office("ppt/presentation.xml"), kinds.PPTX),
    "hwpx": (stored_mimetype("application/hwp+zip"), kinds.HWPX),
    "odt": (stored_mimetype("application/vnd.oasis.opendocument.text"), kinds.ODT),
    "doc": (compound("WordDocument"), kinds.DOC),
    "xls": (compound("Workbook"), kinds.XLS),
    "ppt": (compound("PowerPoint Document"), kinds.PPT),
    "hwp": (compound("FileHeader", "\5HwpSummaryInformation"), kinds.HWP),
    "text": ("주문 번호를 알려 주세요.\n".encode(), kinds.TEXT),
    "text in CP949": ("주문 번호를 알려 주세요.\r\n".encode("cp949"), kinds.TEXT),
    "text with a byte order mark": (b"\xef\xbb\xbfname;sum\r\n", kinds.TEXT),
    "text that compares": (b"if a < b and c > d: 3", kinds.TEXT),
    "mp3": (b"ID3\4\0\0\0\0\0\0" + bytes(50), kinds.MP3),
    "mp3 without tags": (b"\xff\xfb\x90\x64" + bytes(50), kinds.MP3),
    "m4a": (media(b"M4A ", b"isom"), kinds.M4A),
    "wav": (b"RIFF\x24\0\0\0WAVEfmt " + bytes(30), kinds.WAV),
    "ogg": (b"OggS\0\2" + bytes(30), kinds.OGG),
    "mp4": (media(b"isom", b"avc1"), kinds.MP4),
    "mp4 of a brand that nobody knows": (media(b"XXXX", b"mp42"), kinds.MP4),
    "mov": (media(b"qt  "), kinds.MOV),
    "webm": (b"\x1aE\xdf\xa3\x9fB\x86\x81\1B\xf7\x81\1B\x82\x84webm" + bytes(20), kinds.WEBM),
    "zip": (zipped(**{"a.txt": "a"}), kinds.ZIP),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(30), kinds.SEVEN_ZIP),
}
REFUSED = {
    "nothing": b"",
    "a program for Windows": b"MZ\x90\0\3\0\0\0" + bytes(100),
    "a program for Linux": b"\x7fELF\2\1\1\0" + bytes(100),
    "a program for macOS": b"\xcf\xfa\xed\xfe\7\0\0\1" + bytes(100),
    "a shortcut": b"L\0\0\0\1\x14\2\0" + bytes(100),
    "a page": b"<!doctype html><p>hello",
    "a page after spaces": b"\n  \n<HTML><body>",
    "a page after a comment of text": b"hello <script>alert(1)</script>",
    "a picture with scripts": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "a script": b"#!/bin/sh\nrm -rf ~\n",
    "a batch file": b"@echo off\r\ndel *.*\r\n",
    "PHP": b"<?php system($_GET[0]);",
    "a page in CP949": "안녕하세요 <script>".encode("cp949"),
    "text with a zero byte": b"hello\0world",
    "no text in any charset": bytes(range(128, 256)) * 4 + b"\xff",
    "an installer in an OLE2 file": compound("\u4840\u3b3f\u43f2"),
    "a document with macros": compound("WordDocument", "_VBA_PROJECT"),
    "a new document with macros": zipped(**{"word/document.xml": "x", "word/vbaProject.bin": "x"}),
    "a program for Java": zipped(**{"META-INF/MANIFEST.MF": "x", "A.class": "x"}),
    "a program for Android": zipped(**{"AndroidManifest.xml": "x", "classes.dex": "x"}),
    "a ZIP of nothing": zipped(),
    "a ZIP that is cut off": zipped(**{"a.txt": "a" * 100})[:60],
    "a PDF that is also a ZIP": PDF + zipped(**{"a.txt": "a"}),
    "a picture that is also a ZIP": picture() + zipped(**{"a.txt": "a"}),
    "a sound that is also a ZIP": b"ID3\4\0\0\0\0\0\0" + zipped(**{"a.txt": "a"}),
    "a PDF that begins late": b"junk\0" + PDF,
    "a Matroska film": b"\x1aE\xdf\xa3\x9fB\x82\x88matroska" + bytes(20),
}


@cases("case", KNOWN)
def test_a_type_on_the_list_is_told(case):
    data, wanted = KNOWN[case]
    assert kinds.recognise(BytesIO(data)) == wanted


def test_every_type_is_tried():
    tried = {found for _data, found in KNOWN.values()}
    assert {each for each in kinds.TYPES if each not in tried} == {kinds.ODS, kinds.ODP}  # as ODT


@cases("case", REFUSED)
def test_anything_else_is_refused(case):
    assert kinds.recognise(BytesIO(REFUSED[case])) is None


def test_something_before_the_first_member_of_a_zip_is_refused():
    content = BytesIO(b"PK\3\4" + bytes(30))
    content.seek(0, 2)
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("a.txt", "a")
    assert kinds.recognise(content) is None


NAMES = {
    "photo.JPG": ("photo.JPG", kinds.JPEG),
    "IMG_0001.HEIC": ("IMG_0001.jpg", kinds.JPEG),
    "picture.pdf": ("picture.png", kinds.PNG),
    "report.2024": ("report.2024.pdf", kinds.PDF),
    "invoice.exe": ("invoice.exe.pdf", kinds.PDF),
    "run.bat": ("run.bat.txt", kinds.TEXT),
    "orders.csv": ("orders.csv", kinds.TEXT),
    "견적서": ("견적서.hwp", kinds.HWP),
}


@cases("name", NAMES)
def test_a_name_gets_the_extension_of_what_the_file_is(name):
    wanted, found = NAMES[name]
    assert names.named_as(name, found) == wanted


CLEANED = {
    "a.pdf": "a.pdf",
    "  a   b\t.pdf ": "a b .pdf",
    "C:\\Users\\me\\a.pdf": "a.pdf",
    "../../etc/passwd": "passwd",
    "photo\u202egpj.exe": "photo gpj.exe",
    'what?*"<x>|.txt': "what x .txt",
    "...hidden.": "hidden",
    "e\u0301.pdf": "\u00e9.pdf",
    "한글 문서.hwp": "한글 문서.hwp",
}


@cases("name", CLEANED)
def test_a_name_is_cleaned(name):
    assert names.clean_name(name) == CLEANED[name]


@cases("name", ["", " ", "/", "...", "\u200b", "a\0.pdf"])
def test_a_name_of_nothing_is_refused(name):
    with pytest.raises(NotAccepted):
        names.clean_name(name)


def test_a_long_name_keeps_its_extension():
    assert names.clean_name("가" * 300 + ".docx") == "가" * 195 + ".docx"
    assert len(names.named_as("x" * 200, kinds.PDF)) == 200
