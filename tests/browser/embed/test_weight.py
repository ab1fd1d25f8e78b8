"""What the line costs a page before anybody presses the icon."""

import json

from playwright.sync_api import Browser, Page, expect

from tests.browser.embed.shop import SIZES, Shop, icon_of

# A measure that grows with the machine as the line does: a page's own list, written and laid out.
ROWS = 2_000
LIST = f"""<ul id="list"></ul><script>
  function fill() {{
    const rows = Array.from({{ length: {ROWS} }}, (_, row) => `<li><a href="#${{row}}">Lamp ${{row}}</a></li>`);
    document.getElementById("list").innerHTML = rows.join("");
    return document.getElementById("list").offsetHeight;
  }}
  addEventListener("load", () => fill());
</script>"""
SHIFTS = """() => new Promise((done) => {
  new PerformanceObserver((list) => done(list.getEntries().map((it) => it.value)))
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => setTimeout(() => done([]), 100));
})"""


def work(trace: bytes, page: str) -> dict[str, float]:
    """Milliseconds of the main thread for scripts, by their address; calls within calls count once."""
    spent: dict[str, float] = {}
    for event in json.loads(trace)["traceEvents"]:
        url = event.get("args", {}).get("data", {}).get("url", "")
        if event["name"] in {"EvaluateScript", "FunctionCall"} and event.get("ph") == "X":
            name = "line" if "/embed/" in url else "page" if url.startswith(page) else ""
            spent[name] = spent.get(name, 0) + event["dur"] / 1000
    return spent


@SIZES
def test_nothing_on_the_page_moves(visit, size: dict):
    page = visit('<body><h1 style="margin: 40px">Lamps</h1><p>Chairs</p>{line}<p>Tables</p></body>', size)
    expect(icon_of(page)).to_be_visible()
    assert page.evaluate(SHIFTS) == []


def test_no_frame_is_made_before_anybody_presses_the_icon(visit):
    page: Page = visit()
    expect(icon_of(page)).to_be_visible()
    assert [frame.url for frame in page.frames] == [page.url]


def test_it_takes_far_less_of_the_main_thread_than_a_list_of_the_page(visit, site: Shop, browser: Browser):
    page: Page = visit()
    site.page = f"<body>{LIST}{site.line()}</body>"
    browser.start_tracing(page=page, categories=["devtools.timeline", "v8"])
    page.goto(f"{site.origin}/traced")
    expect(icon_of(page)).to_be_visible()
    page.wait_for_function("() => document.getElementById('list').children.length")
    spent = work(browser.stop_tracing(), site.origin)
    assert 0 < spent["line"] < spent["page"] / 4, spent
