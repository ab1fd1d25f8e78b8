"""Joined style sheets and scripts have what their pages need, and follow what is edited."""

import gzip
import re
import shutil
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage

from contiple import joined
from contiple.base import env

TEMPLATES = env.BASE_DIR / "templates"
CLASSES = re.compile(r"""class="([^"]*)"|class(?:Name|List)\b(.*)""")
PAGES = {
    "joined/chat.css": (["chat/customer.html"], ["joined/chat.js"]),
    "joined/helpcenter.css": (
        [
            str(page.relative_to(TEMPLATES))
            for page in TEMPLATES.rglob("*.html")
            if '{% extends "hc.html" %}' in page.read_text()
        ],
        ["joined/contact.js", "joined/inquiry.js"],
    ),
}


def with_parts(names: list[str]) -> set[str]:
    """The templates with all that they extend and include; but for the base, whose body they replace."""
    found, todo = set(), list(names)
    while todo:
        if (name := todo.pop()) not in found | {"base.html"}:
            found.add(name)
            todo += re.findall(r'{% (?:include|extends) "([^"]+)"', (TEMPLATES / name).read_text())
    return found


def styled(sheets: list[Path]) -> set[str]:
    """The classes that a style sheet knows."""
    return {name for sheet in sheets for name in re.findall(r"\.([a-z][\w-]*)", sheet.read_text())}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_s_classes_are_in_its_style_sheet(name) -> None:
    pages, scripts = PAGES[name]
    texts = [re.sub(r"{{.*?}}", "", (TEMPLATES / part).read_text()) for part in with_parts(pages)]
    texts += [module.read_text() for script in scripts for module in joined.parts_of(script)]
    used = {word for text in texts for line in CLASSES.findall(text) for word in re.findall(r"[\w-]+", " ".join(line))}
    there = styled(joined.parts_of(name))
    elsewhere = styled([joined.SOURCES / sheet for sheet in joined.SHEETS]) - there
    assert sorted(used & elsewhere) == []


def test_customers_pages_need_their_own_sprites() -> None:
    stages = [
        f"chat/{page.name}" for kind in ("stage", "customer_st") for page in TEMPLATES.glob(f"chat/_{kind}*.html")
    ]
    pages = with_parts([*stages, *(page for pages, _scripts in PAGES.values() for page in pages)])
    used = {icon for page in pages for icon in re.findall(r'{% icon "([\w-]+)"', (TEMPLATES / page).read_text())}
    there = {icon for sprite in joined.SPRITES for icon in re.findall(r'id="([\w-]+)"', joined.joined(sprite))}
    assert sorted(used - there) == []


def test_every_style_sheet_is_listed() -> None:
    assert sorted(joined.SHEETS) == sorted(
        str(sheet.relative_to(joined.SOURCES)) for sheet in joined.SOURCES.rglob("*.css")
    )


def test_a_file_that_was_edited_is_joined_again(monkeypatch, tmp_path, settings) -> None:
    sources, written = tmp_path / "static", FileSystemStorage(tmp_path / "joined")
    shutil.copytree(joined.SOURCES, sources)
    monkeypatch.setattr(joined, "SOURCES", sources)
    monkeypatch.setattr(joined.JoinedFinder, "storage", written)
    find = joined.JoinedFinder().find
    before = Path(find("joined/chat.css")).read_text()
    (sources / "css/components/composer.css").write_text("@layer components { .edited { color: red; } }")
    after = Path(find("joined/chat.css"))
    assert ".edited" in after.read_text()
    assert ".edited" not in before
    assert gzip.decompress(after.with_name("chat.css.gz").read_bytes()) == after.read_bytes()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('import * as times from "./b.js";\n', "import \\* as"),
        ("export default 1;\n", "export default"),
        ('const b = await import("./b.js");\n', "import"),
        ('import "./a.js";\n', "imports itself"),
    ],
)
def test_what_can_t_be_joined_is_refused(monkeypatch, tmp_path, text, said) -> None:
    monkeypatch.setattr(joined, "SOURCES", tmp_path)
    monkeypatch.setitem(joined.SCRIPTS, "joined/a.js", "a.js")
    (tmp_path / "a.js").write_text(text)
    with pytest.raises(joined.NotJoinable, match=said):
        joined.joined("joined/a.js")


def test_selectors_keep_their_meaning() -> None:
    css = "/* all */ .table  :is(td,\n  th) { content: 'a : b'; }\n\n.x:hover { width: calc(1px + 2px); }\n"
    assert joined._tight(css) == ".table :is(td, th){content: 'a : b';}.x:hover{width: calc(1px + 2px);}"


def test_every_script_that_stores_has_what_a_browser_without_storage_needs() -> None:
    """It can't rely on a script further down in the page. Those that are loaded on demand come after all others."""
    pages = "".join(page.read_text() for page in TEMPLATES.rglob("*.html"))
    names = re.findall(r"type=\"module\" src=\"{% static '([\w/-]+\.js)'", pages)
    assert "js/chat-desk.js" in names
    for name in sorted(set(names)):
        modules = joined._modules(joined.SOURCES / joined.SCRIPTS.get(name, name), [])
        stores = any(re.search(r"\b(local|session)Storage\b", module.read_text()) for module in modules)
        assert not stores or joined.SOURCES / "js/storage.js" in modules, name
