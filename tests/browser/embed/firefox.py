"""Firefox as it is installed, driven over WebDriver BiDi, which it speaks itself."""

import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PROGRAMS = ("firefox-esr", "firefox")
BEGINS_WITHIN_S = 60
ANSWERS_WITHIN_S = 30


def program() -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Firefox:
    """One window."""

    def __init__(self, line: ClientConnection) -> None:
        self._line, self._ids = line, itertools.count(1)
        self._call("session.new", capabilities={})
        self._window = self._tree()[0]["context"]

    def open(self, address: str, size: dict[str, int]) -> None:
        self._call("browsingContext.setViewport", context=self._window, viewport=size)
        self._call("browsingContext.navigate", context=self._window, url=address, wait="complete")

    def evaluate(self, expression: str, frame: str = "") -> Any:
        """Returns the value of a JavaScript expression, in the page or in the frame whose address has ``frame``."""
        wrapped = f"Promise.resolve({expression}).then((it) => JSON.stringify(it ?? null))"
        target = {"context": self._frame(frame) if frame else self._window}
        answer = self._call("script.evaluate", expression=wrapped, target=target, awaitPromise=True)
        if answer["type"] != "success":
            raise AssertionError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def wait_for(self, expression: str, frame: str = "") -> Any:
        """Waits until the expression's value is true; returns it."""
        deadline = time.monotonic() + ANSWERS_WITHIN_S
        while time.monotonic() < deadline:
            if (not frame or self._frame(frame)) and (value := self.evaluate(expression, frame)):
                return value
            time.sleep(0.1)
        raise AssertionError(f"never true: {expression}")

    def click(self, x: float, y: float) -> None:
        steps: list[dict[str, Any]] = [{"type": "pointerMove", "x": round(x), "y": round(y)}]
        steps += [{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp")]
        pointer = {"type": "pointer", "id": "mouse", "actions": steps}
        self._call("input.performActions", context=self._window, actions=[pointer])

    def _frame(self, address: str) -> str:
        [window] = [each for each in self._tree() if each["context"] == self._window]
        return next((frame["context"] for frame in window["children"] if address in frame["url"]), "")

    def _tree(self) -> list[dict[str, Any]]:
        return self._call("browsingContext.getTree")["contexts"]

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        self._line.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._line.recv(timeout=ANSWERS_WITHIN_S))
            if answer.get("id") == number:
                break
        if answer["type"] == "error":
            raise AssertionError(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]


@contextmanager
def firefox(path: str, profile: Path) -> Iterator[Firefox]:
    command = [path, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    with (profile / "log").open("w+") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            with connect(f"{_address(profile / 'log')}/session", max_size=None) as line:
                yield Firefox(line)
        finally:
            process.terminate()


def _address(log: Path) -> str:
    deadline = time.monotonic() + BEGINS_WITHIN_S
    while time.monotonic() < deadline:
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(f"Firefox does not begin:\n{log.read_text(errors='replace')}")
