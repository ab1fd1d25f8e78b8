import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpcenter.markdown import to_html, to_text

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](//evil.example)",
    "<javascript:alert(1)>",
    "![x](https://evil.example/pixel.png)",
    '[x](https://ok.example "onmouseover=alert(1)")',
    "[x]: javascript:alert(1)\n\n[x]",
    '```"><script>\n</script>\n```',
    "<style>*{display:none}</style>",
    "</article><iframe src=https://evil.example>",
]


@pytest.mark.parametrize("source", ATTACKS)
def test_nothing_that_runs_comes_through(source):
    html = to_html(source)
    tags = re.findall(r"<[^>]*>", html)
    link = r'a href="(?:https?:|mailto:)[^"]*"(?: title="[^"]*")? rel="nofollow noopener"'
    plain = r"p|em|strong|s|ul|ol|li|blockquote|pre|code|h[2-6]|hr /|br /|a"
    allowed = rf'</?(?:{plain}|code class="[^"<>]*"|ol start="\d+"|{link})>'
    assert all(re.fullmatch(allowed, tag) for tag in tags), html
    assert not re.search(r'href="(?!https?:|mailto:)', html)


@given(st.text(alphabet="<>()[]!`*_#:/\"'&;\n \tajscriptxhref=on0-", max_size=80))
def test_whatever_is_written_is_only_markdowns_marks(source):
    html = to_html(source)
    assert not re.search(r"<(script|img|iframe|style|svg|object|form|input)", html, re.IGNORECASE)
    assert not re.search(r"<[a-z][^>]*\son\w+=", re.sub(r'"[^"]*"', "", html))
    assert all(url.startswith(("http:", "https:", "mailto:")) for url in re.findall(r'href="([^"]*)"', html))


@pytest.mark.parametrize("url", ["https://a.example/x?y=1", "http://a.example", "mailto:help@a.example"])
def test_links_to_the_web_and_to_mail_are_links(url):
    assert to_html(f"[x]({url})") == f'<p><a href="{url}" rel="nofollow noopener">x</a></p>\n'


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("# One\n\n## Two\n\n# Three", "<h2>One</h2>\n<h3>Two</h3>\n<h2>Three</h2>\n"),
        ("## One\n\n#### Two", "<h2>One</h2>\n<h3>Two</h3>\n"),
        (
            "\n\n".join("#" * level + " x" for level in range(1, 7)),
            "".join(f"<h{n}>x</h{n}>\n" for n in (2, 3, 4, 5, 6, 6)),
        ),
    ],
)
def test_headings_come_below_the_pages_own_without_a_gap(source, html):
    assert to_html(source) == html


def test_excerpts_have_the_words_alone():
    source = "# Refunds\n\nWithin **two**\n`days` – [see](https://a.example).\n\n- one\n- two <b>"
    assert to_text(source) == "Refunds Within two days – see. one two <b>"
