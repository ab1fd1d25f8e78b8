"""Somebody's browser, whose answers are kept; and a walk to every page that it can get to."""

import html
import http.client
import io
import itertools
import json
import re
import urllib.parse
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.conf import settings

from tests.faults.desk import CSRF

WITHIN_S = 30
AT_ONCE = 4
BAD_REQUEST = 400
FILE_NAME_LENGTH_MAX = 200
# Any address in quotes, whatever attribute or script it stands in.
_ADDRESS = re.compile(r"""["'](/[^"'\\\s<>]*)""")
# What scripts add to the addresses that they are given: everything, from the first message to the last.
BY_SCRIPTS = "rev=0&before=2147483647"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


@dataclass(frozen=True)
class Browser:
    """Keeps every answer in ``folder``, in a file that is called as its address."""

    origin: str
    folder: Path
    cookie: str = ""

    def get(self, path: str, *, is_script: bool = False, is_kept: bool = True) -> Answer:
        asked_by = {"X-Requested-With": "fetch", "HX-Request": "true"} if is_script else {"Accept": "text/html"}
        return self._ask("GET", path, b"", asked_by, is_kept=is_kept)

    def post(self, path: str, form: dict | list, *, token: str = "", is_kept: bool = True) -> Answer:
        """A list is sent as JSON."""
        as_json = isinstance(form, list)
        body = json.dumps(form) if as_json else urllib.parse.urlencode(form)
        kind = "application/json" if as_json else "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, "Origin": self.origin, "Authorization": f"Bearer {token}"}
        return self._ask("POST", path, body.encode(), headers, is_kept=is_kept)

    def upload(self, path: str, data: bytes, name: str, *, token: str = "", is_kept: bool = True) -> Answer:
        """Sends a file under this name."""
        sent = {"X-File-Name": urllib.parse.quote(name, safe=""), "X-Client-Id": str(uuid.uuid4())}
        own = {"Content-Type": "application/octet-stream", "Origin": self.origin, "X-Chat-Token": token}
        return self._ask("POST", path, data, sent | own, is_kept=is_kept)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str], *, is_kept: bool) -> Answer:
        cookies = "; ".join(filter(None, [f"csrftoken={CSRF}", self.cookie]))
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.origin).netloc, timeout=WITHIN_S)
        try:
            connection.request(method, path, body, {"Cookie": cookies, "X-CSRFToken": CSRF, **headers})
            came = connection.getresponse()
            answer = Answer(came.status, dict(came.getheaders()), came.read())
        finally:
            connection.close()
        if is_kept:
            self._keep(method, path, answer)
        return answer

    def _keep(self, method: str, path: str, answer: Answer) -> None:
        name = f"{next(_numbers):05} {method}{path.replace('/', ' ')}"[:FILE_NAME_LENGTH_MAX]
        headers = [f"{name}: {value}".encode() for name, value in answer.headers.items()]
        (self.folder / name).write_bytes(b"\n".join([*headers, *_unpacked(answer.body)]))


def crawl(browser: Browser, addresses: Iterable[str], *, is_script: bool = False) -> None:
    """Gets ``addresses`` and whatever they lead to, as a person does or as the scripts of the pages do."""
    seen: set[str] = set()
    following = set(addresses)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        while following := following - seen:
            seen |= following
            get = partial(_get, browser, is_script=is_script)
            following = set().union(*threads.map(get, following))


def value_of(name: str, page: str) -> str:
    """What a form on the page has in that field."""
    found = re.search(rf'name="{name}"(?: value="([^"]*)"|[^>]*>\n([^<]*)</textarea>)', page)
    assert found, f"there is no {name}"
    return html.unescape(found[1] or found[2])


def _get(browser: Browser, address: str, *, is_script: bool) -> set[str]:
    """Returns where it leads to."""
    answer = browser.get(address, is_script=is_script)
    if answer.status == BAD_REQUEST and "?" not in address:
        answer = browser.get(f"{address}?{BY_SCRIPTS}", is_script=is_script)
    return set(_links(browser, answer, with_queries="?" not in address))


def _links(browser: Browser, answer: Answer, *, with_queries: bool) -> Iterator[str]:
    """Filters of what is filtered already show nothing new, and have no end; nor has where to go on after signing in:
    so not everything is followed ``with_queries``.
    """
    for found in _ADDRESS.findall(answer.text):
        parts = urllib.parse.urlsplit(html.unescape(found))
        is_ours = not parts.netloc and not parts.path.startswith(settings.STATIC_URL)
        if is_ours and (with_queries or not parts.query):
            yield urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
    if "Location" in answer.headers:
        yield urllib.parse.urlsplit(answer.headers["Location"]).path


def _unpacked(body: bytes) -> list[bytes]:
    """What is in it, where it is an archive: a sheet is one."""
    if not zipfile.is_zipfile(io.BytesIO(body)):
        return [body]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return [archive.read(name) for name in archive.namelist()]
