"""Makes text of a mail's HTML. Scripts, styles and pictures are gone, links stay readable, quotes begin with `> `.

No tree is built: a browser's rules for broken HTML take the square of its length (html5ever: 8 seconds for 100 kB of
open tags), and the HTML is a stranger's. What comes out is plain text, so nothing must be made safe.
"""

import re
from html import unescape

_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?][^<>]*>|<(?P<end>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9:]*)(?P<attributes>[^<>]*)>", re.DOTALL
)
_ATTRIBUTE = r"""\b{}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))"""
_HREF, _ALT = (re.compile(_ATTRIBUTE.format(name), re.IGNORECASE) for name in ("href", "alt"))
ATTRIBUTES_LOOKED_AT = 3_000  # code points of a tag
_BLOCKS = frozenset(
    ["p", "div", "ul", "ol", "table", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr", "li"]
)
_APART = frozenset(["p", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre"])
_GONE = frozenset(["script", "style", "title", "template"])
QUOTES_MAX = 10  # deeper ones stay at this depth: each costs two characters in every line


def text_of_html(html: str) -> str:
    """Returns the text that the HTML shows."""
    writer = _Writer()
    at = 0
    for token in _TOKEN.finditer(html):
        writer.words(html[at : token.start()])
        at = token.end()
        if token["tag"]:
            writer.tag(token["tag"].lower(), token["attributes"][:ATTRIBUTES_LOOKED_AT], ends=bool(token["end"]))
    writer.words(html[at:])
    return writer.text()


class _Writer:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._depth = self._preformatted = self._link_at = 0
        self._gone = self._href = ""

    def text(self) -> str:
        self._break()
        return re.sub(r"\n(?:[> ]*\n){2,}", "\n\n", "\n".join(self._lines)).strip("\n")

    def words(self, html: str) -> None:
        if self._gone or not html:
            return
        words = unescape(html)
        if not self._preformatted:
            self._line.append(re.sub(r"\s+", " ", words))
            return
        first, *others = words.split("\n")
        self._line.append(first)
        for each in others:
            self._break(always=True)
            self._line.append(each)

    def tag(self, tag: str, attributes: str, *, ends: bool) -> None:
        if self._gone or tag in _GONE:
            self._gone = "" if ends and tag == self._gone else self._gone or (tag if not ends else "")
            return
        if tag in _BLOCKS:
            self._block(tag)
        if tag == "blockquote":
            self._depth = max(0, self._depth + (-1 if ends else 1))
        elif tag == "pre":
            self._preformatted = max(0, self._preformatted + (-1 if ends else 1))
        elif tag == "a":
            self._link("" if ends else _value(_HREF, attributes))
        elif not ends:
            self._sign(tag, attributes)

    def _sign(self, tag: str, attributes: str) -> None:
        if tag == "br":
            self._break(always=True)
        elif tag == "img":
            self._line.append(_value(_ALT, attributes))
        else:
            self._line.append({"li": "- ", "td": " ", "th": " "}.get(tag, ""))

    def _link(self, href: str) -> None:
        """Begins a link. Writes where the one before leads, if its words don't say it."""
        shown = "".join(self._line[self._link_at :]).strip()
        is_address = self._href.startswith(("http://", "https://"))
        if is_address and self._href.rstrip("/") != shown.rstrip("/"):
            self._line.append(f" ({self._href})" if shown else self._href)
        self._href, self._link_at = href.strip(), len(self._line)

    def _block(self, tag: str) -> None:
        self._break()
        if tag in _APART and self._lines:
            self._lines.append(self._quotes())

    def _break(self, *, always: bool = False) -> None:
        line = "".join(self._line)
        line = line if self._preformatted else re.sub(r" +", " ", line).strip()
        self._line, self._link_at = [], 0
        if line or always:
            self._lines.append(self._quotes() + line)

    def _quotes(self) -> str:
        return "> " * min(self._depth, QUOTES_MAX)


def _value(attribute: re.Pattern[str], attributes: str) -> str:
    found = attribute.search(attributes)
    return unescape(next((group for group in found.groups() if group), "")) if found else ""
