"""Renders articles' Markdown: no raw HTML, no images, links only to the web and to mail."""

from typing import Any
from urllib.parse import urlsplit

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

_SCHEMES = {"http", "https", "mailto"}
# A body's headings come below the page's own h1.
_HEADINGS = ["h2", "h3", "h4", "h5", "h6", "h6"]


def to_html(source: str) -> SafeString:
    """Returns HTML that is safe on a page: everything except Markdown's own syntax is escaped."""
    return mark_safe(_markdown.render(source))  # noqa: S308 - `html` is off, see `_make`


def to_text(source: str) -> str:
    """Returns only the words, on one line, for excerpts."""
    pieces = (_words(token) for token in _markdown.parse(source))
    return " ".join(" ".join(pieces).split())


def _make() -> MarkdownIt:
    # Without tables too: their alignment comes as a style attribute, which the pages' CSP refuses.
    markdown = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").disable("image")
    markdown.validateLink = _is_allowed  # type: ignore[method-assign]
    markdown.core.ruler.push("headings_and_links", _adapt)
    return markdown


def _is_allowed(url: str) -> bool:
    try:
        return urlsplit(url).scheme in _SCHEMES
    except ValueError:
        return False


def _adapt(state: Any) -> None:
    """Makes a body's highest heading h2, the next h3, so that a screen reader's outline has no gap."""
    levels = sorted({token.tag for token in state.tokens if token.type == "heading_open"})
    lowered = dict(zip(levels, _HEADINGS, strict=False))
    for token in state.tokens:
        token.tag = lowered.get(token.tag, token.tag)
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("rel", "nofollow noopener")


def _words(token: Token) -> str:
    if token.children is None:
        return token.content
    return "".join(" " if child.type in {"softbreak", "hardbreak"} else child.content for child in token.children)


_markdown = _make()
