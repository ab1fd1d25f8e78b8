"""What a browser has of a text: in a page and the frames of its origin, in their boxes, in all that they store; and
what a page shows, however briefly, from the moment on in which Back brings it up again."""

import json
from typing import Any

from playwright.sync_api import Frame, Page

TRACES = """() => {
  const framesOf = (window) => [window, ...Array.from(window.frames).filter(isOurs).flatMap(framesOf)];
  const isOurs = (frame) => { try { return Boolean(frame.document); } catch { return false; } };
  const storesOf = (window) =>
    [window.localStorage, window.sessionStorage, window.history.state, window.document.cookie];
  const boxesOf = (window) => [...window.document.querySelectorAll("input, textarea")].map((box) => box.value);
  return JSON.stringify(framesOf(window).map((window) =>
    [window.document.documentElement?.outerHTML, window.document.title, boxesOf(window), storesOf(window)]));
}"""

# Each frame tells the page at the top whether it has the text, first of all when it is shown, then after every change.
WATCH = """(text) => {
  if (location.protocol === "chrome-error:") return; // a page that the browser makes where it has none
  // Some browsers keep all storage from a frame on another site.
  const stored = (name) => { try { return JSON.stringify(window[name]); } catch { return ""; } };
  const has = () => [document.documentElement?.outerHTML, stored("localStorage"), stored("sessionStorage")]
    .some((place) => place?.includes(text));
  const time = () => performance.timeOrigin + performance.now();
  const tell = (event) =>
    top.postMessage({ shown: { event, has: has(), now: document.body?.innerText }, at: time() }, "*");
  const observer = new MutationObserver(() => tell("changed"));
  const observe = () => observer.observe(document, { subtree: true, childList: true, characterData: true });
  observe();
  addEventListener("DOMContentLoaded", observe); // a frame's first document gives way to another in the same window
  addEventListener("pageshow", (event) => tell(event.persisted ? "from memory" : "loaded"));
  if (window !== top) return;
  window.shown = [];
  let left = 0;
  // What a frame told just before the page was left may arrive only when the page is back.
  addEventListener("message", ({ data }) => data.shown && data.at > left && window.shown.push(data.shown));
  addEventListener("pagehide", () => {
    window.shown = [];
    left = time();
  });
}"""


def traces(of: Page | Frame) -> str:
    """Everything that is there now, as one text."""
    return str(of.evaluate(TRACES))


def watch_for(page: Page, text: str) -> None:
    """From the next page on. See ``shown``."""
    page.add_init_script(f"({WATCH})({json.dumps(text)})")


def shown(page: Page, *, until: str) -> list[dict[str, Any]]:
    """What the page and its frames have shown since the page was (last) shown, up to when ``until`` was to be read."""
    page.wait_for_function("until => shown.some(({ now }) => now?.includes(until))", arg=until)
    return page.evaluate("shown")
