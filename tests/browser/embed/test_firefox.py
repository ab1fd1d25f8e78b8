"""The chat on other sites in Firefox: the pages of ``hosts``, and a running chat on the next page."""

from base64 import b64encode
from collections.abc import Callable, Iterator

import pytest

from chat.models import Chat, Message
from tests.browser.conftest import DESKTOP
from tests.browser.embed.firefox import Firefox, firefox, program
from tests.browser.embed.hosts import EMPTIED, HOSTS, POLICIES
from tests.browser.embed.shop import SIZES, Shop
from tests.chat.files import picture
from tests.make import make_message

ROOT = "document.querySelector('contiple-chat')?.shadowRoot"
ICON = f"""(() => {{
  const icon = {ROOT}?.querySelector(".icon");
  if (!icon) return null;
  const {{ x, y, width, height }} = icon.getBoundingClientRect();
  const hit = icon.getRootNode().elementFromPoint(x + width / 2, y + height / 2);
  return width && icon.contains(hit) && {{ x, y, width, height }};
}})()"""
FRAME = "/hc/demo/chat/?"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    path = program()
    if path is None:
        pytest.skip("No Firefox on this machine: apt-get install firefox-esr")
    with firefox(path, tmp_path_factory.mktemp("firefox")) as window:
        yield window


@pytest.fixture
def visit(transactional_db, window: Firefox, site: Shop) -> Callable[..., Firefox]:
    def visit_shop(page: str, size: dict = DESKTOP, headers: dict | None = None) -> Firefox:
        site.page, site.headers = page.replace("{line}", site.line(attributes="async nonce=abc")), headers or {}
        window.open(site.origin, size)
        return window

    return visit_shop


def opens(window: Firefox) -> None:
    """The icon is where it belongs, nothing lies on it, and a press on it shows the chat's first page."""
    icon = window.wait_for(ICON)
    assert (icon["width"], icon["height"]) == (56, 56)
    width, height = (window.evaluate(f"visualViewport.{side}") for side in ("width", "height"))
    assert icon["x"] in {20, width - 76}  # beside the scrollbar
    assert icon["y"] == height - 76
    window.click(icon["x"] + 28, icon["y"] + 28)
    window.wait_for("document.querySelector('[data-stage]')?.checkVisibility()", frame=FRAME)


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
@SIZES
def test_no_rule_of_the_page_reaches_it(visit, host: str, size: dict):
    opens(visit(f"{host}<body><p>Lamps</p>{{line}}</body>", size))


@pytest.mark.parametrize("change", EMPTIED.values(), ids=EMPTIED)
def test_it_comes_back_on_a_page_that_is_emptied(visit, change: str):
    window = visit("<body>{line}</body>")
    window.wait_for(ICON)
    window.evaluate(f"(() => {{ {change} }})()")
    opens(window)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_strict_policies_let_it_through(visit, site: Shop, policy: str):
    opens(visit("<body>{line}</body>", headers={"Content-Security-Policy": policy.format(desk=site.desk)}))


START = """(() => {
  const form = document.querySelector("form[data-stage=start]");
  if (!form || form.querySelector("[type=submit]").disabled) return false;
  form.elements.namedItem("name").value = "Sora Kim";
  form.elements.namedItem("agree").checked = true;
  form.requestSubmit();
  return true;
})()"""


# A window without a screen never has the focus, and what its reader doesn't look at stays unread.
LOOKED_AT = "<script>document.hasFocus = () => true</script>"


def test_a_running_chat_is_connected_on_the_next_page(visit, site: Shop, mina):
    window = visit(f"<title>Lamps</title>{LOOKED_AT}<body>{{line}}</body>")
    opens(window)
    window.wait_for(START, frame=FRAME)
    window.wait_for("Boolean(document.querySelector('[data-stage=chat]'))", frame=FRAME)
    window.open("about:blank", DESKTOP)  # the message is not read at once
    make_message(Chat.objects.get(), "Hello Sora", author="agent")
    window.open(f"{site.origin}/chairs", DESKTOP)
    window.wait_for(f"{ROOT}?.querySelector('.badge').textContent === '1'")
    assert window.evaluate("document.title") == "(1) New message – Lamps"
    opens(window)
    window.wait_for("document.body.innerText.includes('Hello Sora')", frame=FRAME)
    window.wait_for("document.title === 'Lamps'")


# What a drop hands over: this page can't be dropped upon by the protocol.
DROP = """(() => {
  const root = document.querySelector("[data-stage=chat]");
  if (!root || document.querySelector("chat-files")?.hidden !== false) return false;
  const bytes = Uint8Array.from(atob("%s"), (sign) => sign.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "lamp.png", { type: "image/png" }));
  for (const name of ["dragover", "drop"]) {
    root.dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
  }
  return true;
})()"""


def test_a_picture_is_sent_and_shown(visit, mina):
    window = visit("<title>Lamps</title><body>{line}</body>")
    opens(window)
    window.wait_for(START, frame=FRAME)
    window.wait_for(DROP % b64encode(picture()).decode(), frame=FRAME)
    window.wait_for("Boolean(document.querySelector('.file-upload canvas, chat-file'))", frame=FRAME)
    window.wait_for("document.querySelector('chat-file img')?.naturalWidth", frame=FRAME)
    window.wait_for("!document.querySelector('.file-upload')", frame=FRAME)
    assert Message.objects.get(file__isnull=False).body == "lamp.png"
