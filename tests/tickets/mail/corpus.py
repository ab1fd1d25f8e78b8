"""Mails as real programs write them, in bytes, each with what must be read of it.

All are our own making: no person's mail is here. A field that a case doesn't name is not looked at.
"""

import base64
import quopri
from typing import Any

JUN = "Jun Kim <jun@example.com>"
DESK = "help@shop.example"


def mail(body: str | bytes = "", *, charset: str = "utf-8", **headers: str | bytes | None) -> bytes:
    """A mail of Jun's to the desk. ``In_Reply_To=`` sets a header, ``None`` leaves one out."""
    given = {"From": JUN, "To": DESK, "Subject": "Order", "Message_ID": "<m1@example.com>", "MIME_Version": "1.0"}
    if isinstance(body, str):
        given |= {"Content_Type": f"text/plain; charset={charset}", "Content_Transfer_Encoding": "8bit"}
        body = body.encode("cp949" if charset in ("euc-kr", "ks_c_5601-1987") else charset)
    return join({**given, **headers}) + b"\n" + body


def join(headers: dict[str, str | bytes | None]) -> bytes:
    lines = [
        name.replace("_", "-").encode() + b": " + (value if isinstance(value, bytes) else value.encode())
        for name, value in headers.items()
        if value is not None
    ]
    return b"\n".join(lines) + b"\n"


def part(body: str | bytes, kind: str = "text/plain; charset=utf-8", **headers: str | bytes) -> bytes:
    body = body.encode() if isinstance(body, str) else body
    return join({"Content_Type": kind, **headers}) + b"\n" + body


def multipart(*parts: bytes, kind: str = "mixed", **headers: str | bytes | None) -> bytes:
    body = b"".join(b"--=_b1\n" + each + b"\n" for each in parts) + b"--=_b1--\n"
    return mail(body, Content_Type=f'multipart/{kind}; boundary="=_b1"', **headers)


def inner(*parts: bytes, kind: str = "alternative") -> bytes:
    body = b"".join(b"--=_i1\n" + each + b"\n" for each in parts) + b"--=_i1--\n"
    return part(body, f'multipart/{kind}; boundary="=_i1"')


def b64(text: str | bytes) -> str:
    return base64.encodebytes(text.encode() if isinstance(text, str) else text).decode()


def word(raw: bytes, charset: str) -> str:
    return f"=?{charset}?B?{base64.b64encode(raw).decode()}?="


EUC = "주문한 상품이 아직 오지 않았습니다.".encode("euc-kr")
CP949 = "똠방각하 펲시콜라 숖".encode("cp949")  # none of it is in EUC-KR proper
DSN = part(
    "Reporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; jun@example.com\nAction: failed\nStatus: 5.1.1\n"
    "Diagnostic-Code: smtp; 550 no such user\n",
    "message/delivery-status",
)
DELAYED = part(
    "Reporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; jun@example.com\nAction: delayed\nStatus: 4.4.1\n",
    "message/delivery-status",
)
ORIGINAL = part("Message-ID: <ours@desk.example.com>\nSubject: Re: Order\n\nWe are sorry.", "message/rfc822")
ORIGINAL_HEADERS = part("Message-ID: <ours@desk.example.com>\nSubject: Re: Order\n", "text/rfc822-headers")
OUTLOOK_KO = (
    "확인했습니다.\n\n________________________________\n보낸 사람: Demo <help@shop.example>\n"
    "보낸 날짜: 2026년 11월 27일 금요일 오전 10:12\n받는 사람: Jun\n제목: RE: 주문\n\n안녕하세요."
)
OUTLOOK_EN = (
    "It works now.\r\n\r\n\r\nFrom: Demo <help@shop.example>\r\nSent: Friday, November 27, 2026 10:12 AM\r\n"
    "To: Jun Kim <jun@example.com>\r\nSubject: RE: Order\r\n\r\nPlease try again.\r\n"
)

# name → (the mail, what must be read); "new", "quoted" and "signature" are of its words
CORPUS: dict[str, tuple[bytes, dict[str, Any]]] = {
    # charsets
    "plain ASCII": (mail("Where is it?", charset="us-ascii"), {"new": "Where is it?", "subject": "Order"}),
    "UTF-8, Korean": (mail("어디에 있나요?"), {"new": "어디에 있나요?", "language": "ko"}),
    "EUC-KR": (mail(EUC, Content_Type="text/plain; charset=euc-kr"), {"new": "주문한 상품이 아직 오지 않았습니다."}),
    "CP949 that says euc-kr": (mail(CP949, Content_Type="text/plain; charset=EUC-KR"), {"new": "똠방각하 펲시콜라 숖"}),
    "CP949 that says ks_c_5601-1987": (
        mail(CP949, Content_Type='text/plain; charset="ks_c_5601-1987"'),
        {"new": "똠방각하 펲시콜라 숖", "notes": {}},
    ),
    "ISO-2022-KR": (
        mail("안녕하세요\n감사합니다".encode("iso2022_kr"), Content_Type="text/plain; charset=ISO-2022-KR"),
        {"new": "안녕하세요\n감사합니다"},
    ),
    "ISO-2022-KR that says nothing": (
        mail("안녕하세요".encode("iso2022_kr"), Content_Type="text/plain"),
        {"new": "안녕하세요"},
    ),
    "EUC-KR that says nothing": (mail(EUC, Content_Type=None), {"new": "주문한 상품이 아직 오지 않았습니다."}),
    "EUC-KR that says iso-8859-1": (
        mail(EUC, Content_Type="text/plain; charset=iso-8859-1"),
        {"new": "주문한 상품이 아직 오지 않았습니다."},
    ),
    "UTF-8 that says euc-kr": (
        mail("환불해 주세요, 네".encode(), Content_Type="text/plain; charset=euc-kr"),
        {"is_readable": True},
    ),
    "UTF-8 that says us-ascii": (
        mail("환불".encode(), Content_Type="text/plain; charset=us-ascii"),
        {"new": "환불", "notes": {}},
    ),
    "a charset that doesn't exist": (
        mail("café 환불".encode(), Content_Type="text/plain; charset=x-klingon"),
        {"new": "café 환불"},
    ),
    "a codec that is no charset": (
        mail(b"unchanged \\u0041", Content_Type="text/plain; charset=unicode_escape"),
        {"new": "unchanged \\u0041"},
    ),
    "German that says iso-8859-1": (
        mail("Grüße aus Köln – €5".encode("cp1252"), Content_Type="text/plain; charset=iso-8859-1"),
        {"new": "Grüße aus Köln – €5"},
    ),
    "bytes that are no UTF-8": (
        mail(b"ok \xff\xfe end", Content_Type="text/plain; charset=utf-8"),
        {"starts": "ok ", "notes": {"charset"}},
    ),
    "quoted-printable": (
        mail(
            quopri.encodestring("가격은 5,000원 = 비싸요".encode()),
            Content_Transfer_Encoding="quoted-printable",
            Content_Type="text/plain; charset=utf-8",
        ),
        {"new": "가격은 5,000원 = 비싸요"},
    ),
    "base64 with rubbish behind": (
        mail(b64("안녕하세요, 문의드립니다.") + "!!!", Content_Transfer_Encoding="base64"),
        {"starts": "안녕하세요"},
    ),
    "NUL, escapes and overrides": (mail("a\0b\x1b[31mc\u202ed"), {"new": "ab[31mcd"}),
    "a lone surrogate in UTF-8": (
        mail(b"x \xed\xa0\x80 y", Content_Type="text/plain; charset=utf-8"),
        {"starts": "x "},
    ),
    "invisible signs only": (mail("\u200b\u2060 \ufeff\u3164\u00ad\n\t"), {"new": "", "notes": {"empty"}}),
    "a mark on a mark on a mark": (mail("z" + "\u0301" * 500 + " end"), {"ends": " end"}),
    "decomposed Hangul": (mail("\u1112\u1161\u11ab\u1100\u1173\u11af"), {"new": "한글"}),
    # headers
    "an encoded subject": (
        mail("x", Subject="=?utf-8?B?7KO866y4?= =?utf-8?Q?=20=EB=AC=B8=EC=9D=98?="),
        {"subject": "주문 문의"},
    ),
    "a subject in ks_c_5601-1987": (
        mail("x", Subject=word("똠방각하 문의".encode("cp949"), "ks_c_5601-1987")),
        {"subject": "똠방각하 문의"},
    ),
    "encoded words cut within a character": (
        mail("x", Subject=word("주문".encode()[:4], "UTF-8") + "\n " + word("주문".encode()[4:], "utf-8")),
        {"subject": "주문"},
    ),
    "encoded words cut within a character of EUC-KR": (
        mail(
            "x", Subject=word("배송".encode("euc-kr")[:1], "euc-kr") + " " + word("배송".encode("euc-kr")[1:], "EUC-KR")
        ),
        {"subject": "배송"},
    ),
    "words in ISO-2022-KR": (
        mail(
            "x",
            Subject=word("배송".encode("iso2022_kr"), "iso-2022-kr")
            + " "
            + word("문의".encode("iso2022_kr"), "iso-2022-kr"),
        ),
        {"subject": "배송문의"},
    ),
    "an encoded word with bad padding": (
        mail("x", Subject="=?utf-8?B?7KO866y4?= x =?utf-8?B?7KO8A?="),
        {"starts_subject": "주문 x"},
    ),
    "a raw EUC-KR subject": (mail("x", Subject="주문 문의".encode("euc-kr")), {"subject": "주문 문의"}),
    "a raw UTF-8 subject": (mail("x", Subject="주문 문의"), {"subject": "주문 문의"}),
    "a folded subject": (mail("x", Subject="one\n two\r\n\tthree"), {"subject": "one two three"}),
    "no subject": (mail("x", Subject=None), {"subject": ""}),
    "two subjects": (join({"Subject": "first"}) + mail("x", Subject="second"), {"subject": "first"}),
    "a name in quotes with a comma": (
        mail("x", From='"Kim, Jun" <Jun@Example.COM>'),
        {"sender": ("Kim, Jun", "jun@example.com"), "is_sure": True},
    ),
    "a Korean name": (
        mail("x", From=word("홍길동".encode("euc-kr"), "EUC-KR") + " <hong@example.kr>"),
        {"sender": ("홍길동", "hong@example.kr")},
    ),
    "a bare address": (mail("x", From="hong@example.kr"), {"sender": ("", "hong@example.kr")}),
    "no sender": (mail("x", From=None), {"sender": ("", ""), "is_sure": False}),
    "a sender without an address": (mail("x", From="undisclosed"), {"sender": ("", ""), "is_sure": False}),
    "two senders": (
        mail("x", From="a@example.com, b@example.com"),
        {"sender": ("", "a@example.com"), "is_sure": False},
    ),
    "two From headers": (
        join({"From": "a@example.com"}) + mail("x", From="b@example.com"),
        {"sender": ("", "a@example.com"), "is_sure": False},
    ),
    "comments nested a thousand deep": (
        mail("x", From="(" * 1500 + " a@example.com"),
        {"sender": ("", "a@example.com")},
    ),
    "answers": (
        mail("x", In_Reply_To="<c@x>", References="<a@x> <b@x>\n <c@x>"),
        {"answers": ("<c@x>", "<b@x>", "<a@x>"), "message_id": "<m1@example.com>"},
    ),
    "no id": (mail("x", Message_ID=None), {"has_id": True}),
    "recipients everywhere": (
        join({"Delivered-To": "Help@Shop.example"}) + mail("x", To="Demo <demo@x.example>", Cc="c@x.example"),
        {"recipients": ("help@shop.example", "demo@x.example", "c@x.example")},
    ),
    "an mbox's first line": (b"From jun@example.com Fri Nov 27 10:12:00 2026\n" + mail("hello"), {"new": "hello"}),
    # bodies
    "no body": (mail(""), {"new": "", "notes": {"empty"}}),
    "nothing at all": (b"", {"new": "", "sender": ("", ""), "notes": {"empty"}}),
    "headers only": (b"From: a@example.com\nSubject: x", {"sender": ("", "a@example.com"), "subject": "x"}),
    "no headers": (b"\n\nhello", {"subject": ""}),
    "plain beside HTML": (
        multipart(part("the plain one"), part("<p>the other</p>", "text/html"), kind="alternative"),
        {"new": "the plain one", "files": ()},
    ),
    "an empty plain part beside HTML": (
        multipart(part(" \n"), part("<p>본문입니다</p>", "text/html; charset=utf-8"), kind="alternative"),
        {"new": "본문입니다"},
    ),
    "HTML only": (
        mail(
            "<html><head><style>p{color:red}</style><title>t</title></head><body><p>안녕하세요 &amp; hi</p>"
            "<script>alert(1)</script><p>See <a href='https://shop.example/1'>the order</a><br>"
            "<a href='https://x.example/'>https://x.example</a></p><!-- no --><ul><li>a<li>b</ul></body></html>",
            Content_Type="text/html; charset=utf-8",
        ),
        {"new": "안녕하세요 & hi\n\nSee the order (https://shop.example/1)\nhttps://x.example\n\n- a\n- b"},
    ),
    "HTML that names its charset itself": (
        mail(
            b'<html><meta http-equiv="Content-Type" content="text/html; charset=euc-kr"><p>' + EUC,
            Content_Type="text/html",
        ),
        {"new": "주문한 상품이 아직 오지 않았습니다."},
    ),
    "HTML of Gmail with its quote": (
        mail(
            "<div>고맙습니다.</div><div class='gmail_quote'><div>2026년 11월 27일 (금) 오전 10:12, Demo "
            "&lt;<a href='mailto:help@shop.example'>help@shop.example</a>&gt;님이 작성:<br></div>"
            "<blockquote><div>확인해 보겠습니다.</div></blockquote></div>",
            Content_Type="text/html; charset=utf-8",
        ),
        {"new": "고맙습니다.", "quoted_has": "확인해 보겠습니다."},
    ),
    "text between pictures": (
        multipart(part("one"), part(b"x", "image/png; name=a.png"), part("two")),
        {"new": "one\n\ntwo", "files": ("a.png",)},
    ),
    "format=flowed": (
        mail(
            "A line that \ngoes on.\n\n> quoted \n> on\n-- \nJun",
            Content_Type="text/plain; charset=utf-8; format=flowed",
        ),
        {"starts": "A line that goes on."},
    ),
    "format=flowed with delsp": (
        mail("가나다 \n라마바", Content_Type="text/plain; charset=utf-8; format=flowed; delsp=yes"),
        {"new": "가나다라마바"},
    ),
    "a multipart without a boundary": (mail(b"--x\n\nhello", Content_Type="multipart/mixed"), {"is_readable": True}),
    "a multipart that ends in the middle": (
        mail(b"--b\nContent-Type: text/plain\n\nhello", Content_Type="multipart/mixed; boundary=b"),
        {"new": "hello"},
    ),
    "a boundary that never comes": (mail(b"hello", Content_Type="multipart/mixed; boundary=zz"), {"is_readable": True}),
    "encrypted": (
        multipart(
            part("Version: 1", "application/pgp-encrypted"),
            part("-----BEGIN PGP MESSAGE-----", "application/octet-stream; name=encrypted.asc"),
            kind="encrypted",
        ),
        {"new": "", "notes": {"encrypted", "empty"}, "files": ("encrypted.asc",)},
    ),
    # files
    "files": (
        multipart(
            part("see both"),
            part(b64(b"x"), "application/pdf", Content_Disposition='attachment; filename="a b.pdf"'),
            part(b64(b"y"), "image/png"),
        ),
        {"new": "see both", "files": ("a b.pdf", "image/png")},
    ),
    "a name by RFC 2231": (
        multipart(
            part("x"),
            part("y", "text/plain", Content_Disposition="attachment; filename*=utf-8''%EC%98%81%EC%88%98%EC%A6%9D.txt"),
        ),
        {"new": "x", "files": ("영수증.txt",)},
    ),
    "a name by RFC 2231 in pieces of EUC-KR": (
        multipart(
            part("x"),
            part(
                "y",
                "text/plain",
                Content_Disposition="attachment; filename*0*=euc-kr''%BF%B5%BC%F6; filename*1*=%C1%F5; filename*2=.txt",
            ),
        ),
        {"files": ("영수증.txt",)},
    ),
    "a name as an encoded word": (
        multipart(
            part("x"), part("y", f'application/pdf; name="{word("영수증.pdf".encode("cp949"), "ks_c_5601-1987")}"')
        ),
        {"files": ("영수증.pdf",)},
    ),
    "a raw name": (
        multipart(
            part("x"),
            part("y", "application/pdf", Content_Disposition="attachment; filename=영수증.pdf".encode("euc-kr")),
        ),
        {"files": ("영수증.pdf",)},
    ),
    "winmail.dat": (
        multipart(part("본문은 여기"), part(b64(b"x\x9f>\x22"), "application/ms-tnef; name=winmail.dat")),
        {"new": "본문은 여기", "notes": {"winmail"}, "files": ("winmail.dat",)},
    ),
    "winmail.dat alone": (
        mail(b64(b"x\x9f>\x22"), Content_Type="application/ms-tnef; name=winmail.dat"),
        {"new": "", "notes": {"winmail", "empty"}},
    ),
    "sixty files": (
        multipart(*[part("y", f"image/png; name={at}.png") for at in range(60)]),
        {"notes": {"more_files", "empty"}},
    ),
    # forwarded
    "forwarded by Gmail": (
        mail(
            "봐 주세요.\n\n---------- Forwarded message ---------\n보낸사람: 홍길동 <hong@example.kr>\nDate: 2026년\n"
            "Subject: 환불\nTo: jun@example.com\n\n환불이 안 됩니다.",
            Subject="Fwd: 환불",
        ),
        {"ends": "환불이 안 됩니다.", "quoted": ""},
    ),
    "forwarded by Outlook without a word": (
        mail(
            "\nFrom: hong@example.kr\nSent: x\nTo: jun@example.com\nSubject: 환불\n\n환불이 안 됩니다.",
            Subject="FW: 환불",
        ),
        {"ends": "환불이 안 됩니다.", "quoted": ""},
    ),
    "forwarded as a file": (
        multipart(part("please read"), part(mail("inside", Subject="Inner"), "message/rfc822")),
        {"new": "please read", "quoted_has": "Subject: Inner\n\ninside"},
    ),
    "forwarded as a file without a word": (
        multipart(part(mail("안쪽 본문", Subject="안쪽"), "message/rfc822")),
        {"ends": "안쪽 본문"},
    ),
    "a digest": (multipart(*[mail(f"message {at}") for at in range(3)], kind="digest"), {"is_readable": True}),
    # quotes and signatures
    "Gmail": (
        mail(
            "Thanks!\n\nOn Fri, Nov 27, 2026 at 10:12 AM Demo <\nhelp@shop.example> wrote:\n\n"
            "> We are sorry.\n> Really."
        ),
        {"new": "Thanks!", "quoted_has": "> We are sorry.", "signature": ""},
    ),
    "Gmail, Korean": (
        mail(
            "네, 감사합니다.\n\n2026년 11월 27일 (금) 오전 10:12, Demo <help@shop.example>님이 작성:\n\n> 죄송합니다."
        ),
        {"new": "네, 감사합니다.", "quoted_has": "> 죄송합니다."},
    ),
    "Apple Mail, Korean": (
        mail("확인했어요\n\n> 2026. 11. 27. 오전 10:12, Demo <help@shop.example> 작성:\n> \n> 안녕하세요"),
        {"new": "확인했어요", "quoted_has": "안녕하세요"},
    ),
    "Naver": (
        mail(
            '답장입니다\n\n-----Original Message-----\nFrom: "Demo"<help@shop.example>\nTo: <jun@example.com>;\nCc: \n'
            "Sent: 2026-11-27 (금) 10:12:00 (GMT+09:00)\nSubject: Re: 주문\n\n안녕하세요"
        ),
        {"new": "답장입니다", "quoted_has": "안녕하세요"},
    ),
    "Daum": (
        mail(
            "답장\n\n--------- 원본 메일 ---------\n보낸사람: Demo <help@shop.example>\n"
            "받는사람 : jun\n날짜: 2026년\n제목: Re\n\n본문"
        ),
        {"new": "답장", "quoted_has": "본문"},
    ),
    "Outlook": (mail(OUTLOOK_EN), {"new": "It works now.", "quoted_has": "Please try again."}),
    "Outlook, Korean": (mail(OUTLOOK_KO), {"new": "확인했습니다.", "quoted_has": "안녕하세요."}),
    "a telephone": (
        mail("Yes please.\n\nSent from my iPhone"),
        {"new": "Yes please.", "signature": "Sent from my iPhone"},
    ),
    "a telephone, Korean": (mail("네\n\n나의 iPhone에서 보냄"), {"new": "네", "signature": "나의 iPhone에서 보냄"}),
    "a telephone above its quote": (
        mail("네\n\n나의 iPhone에서 보냄\n\n2026. 11. 27. 오전 10:12, Demo <h@x.kr> 작성:\n\n> 안녕하세요"),
        {"new": "네", "signature": "나의 iPhone에서 보냄", "quoted_has": "안녕하세요"},
    ),
    "a signature": (mail("Hello\n-- \nJun Kim\nShop"), {"new": "Hello", "signature": "-- \nJun Kim\nShop"}),
    "a greeting is no signature": (
        mail("환불해 주세요.\n감사합니다.\n주문 번호는 12입니다."),
        {"new": "환불해 주세요.\n감사합니다.\n주문 번호는 12입니다.", "signature": ""},
    ),
    "a list is no signature": (mail("I want\n- one\n- two"), {"new": "I want\n- one\n- two"}),
    "answers between the lines": (
        mail("> Which colour?\nBlue.\n> Which size?\nXL."),
        {"new": "> Which colour?\nBlue.\n> Which size?\nXL.", "quoted": ""},
    ),
    "an answer below the quote": (
        mail("On Friday Demo wrote:\n> Which colour?\n\nBlue."),
        {"new": "Blue.", "quoted_has": "> Which colour?"},
    ),
    "a quote alone": (mail("> Which colour?"), {"new": "> Which colour?"}),
    "a date in a sentence": (
        mail("2026년 11월 27일에 제가 작성: 했던 글입니다.\n확인 바랍니다."),
        {"ends": "확인 바랍니다.", "quoted": ""},
    ),
    # programs
    "an absence note": (mail("I am away.", Auto_Submitted="auto-replied"), {"is_automatic": True}),
    "an absence note, Korean": (
        mail("부재중입니다.", Auto_Submitted="auto-replied (vacation)", Subject="자동 회신: 주문"),
        {"is_automatic": True},
    ),
    "Auto-Submitted: no": (mail("x", Auto_Submitted="no"), {"is_automatic": False}),
    "Precedence: bulk": (mail("x", Precedence="Bulk"), {"is_automatic": True}),
    "a list": (mail("x", List_Id="<l.example.com>"), {"is_automatic": True}),
    "a newsletter": (mail("x", List_Unsubscribe="<mailto:x@example.com>"), {"is_automatic": True}),
    "a null return path": (join({"Return-Path": "<>"}) + mail("x"), {"is_automatic": True}),
    "X-Auto-Response-Suppress": (
        mail("x", X_Auto_Response_Suppress="OOF, AutoReply"),
        {"is_automatic": False, "wants_no_answer": True},
    ),
    "a person": (
        join({"Return-Path": "<jun@example.com>"}) + mail("x"),
        {"is_automatic": False, "wants_no_answer": False},
    ),
    # bounces
    "a bounce": (
        multipart(
            part("Sorry."),
            DSN,
            ORIGINAL,
            kind="report; report-type=delivery-status",
            From="MAILER-DAEMON@mx.example.com",
            Auto_Submitted="auto-replied",
        ),
        {"bounce": (("<ours@desk.example.com>",), "5.1.1"), "is_automatic": True},
    ),
    "a bounce with headers only": (
        multipart(part("Sorry."), DSN, ORIGINAL_HEADERS, kind="report; report-type=delivery-status"),
        {"bounce": (("<ours@desk.example.com>",), "5.1.1")},
    ),
    "a delay is no bounce": (multipart(part("Later."), DELAYED, ORIGINAL, kind="report"), {"bounce": None}),
    "a bounce of an old server": (
        join({"Return-Path": "<>"})
        + mail(
            "메일을 전송하지 못했습니다.\n\n--- 원본 ---\nReceived: x\n"
            "Message-ID: <ours@desk.example.com>\nSubject: Re",
            Subject="메일 전송 실패",
            From="postmaster@mail.example.kr",
            charset="euc-kr",
        ),
        {"bounce": (("<ours@desk.example.com>",), ""), "is_automatic": True},
    ),
    "a bounce in base64": (
        mail(
            b64("전송 실패\nMessage-Id: <ours@desk.example.com>\n"),
            From="mailer-daemon@x.kr",
            Content_Transfer_Encoding="base64",
        ),
        {"bounce": (("<ours@desk.example.com>",), "")},
    ),
    "a bounce that names nothing": (multipart(part("Sorry."), DSN, kind="report"), {"bounce": ((), "5.1.1")}),
    "a person who writes of an id": (mail("Message-ID: <ours@desk.example.com>"), {"bounce": None}),
}
