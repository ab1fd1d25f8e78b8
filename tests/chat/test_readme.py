"""`chat/README.md` shows what the code does: packages, frames, close codes and states."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from chat import protocol
from chat.sockets import codes
from chat.states import TRANSITIONS

CHAT = Path(protocol.__file__).parent
README = (CHAT / "README.md").read_text(encoding="utf-8")
APART = {"apps", "migrations", "management", "templatetags"}  # what Django asks for


def rows(*heads: str) -> list[list[str]]:
    """The cells of the README's table under these heads."""
    lines = iter(README.splitlines())
    for line in lines:
        if cells(line) == list(heads):
            next(lines)
            return list(table(lines))
    raise AssertionError(f"no table of {heads}")


def frame_rows() -> list[list[str]]:
    return rows("From", "Type", "Fields", "Meaning")


def table(lines: Iterator[str]) -> Iterator[list[str]]:
    for line in lines:
        if not line.startswith("|"):
            return
        yield cells(line)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def fields_of(frame: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name + ("" if field.required else "?") for field in msgspec.structs.fields(frame)]


def by_tag(frames: object) -> dict[str, list[str]]:
    return {frame.__struct_config__.tag: fields_of(frame) for frame in get_args(frames)}


FRAMES = {"customer": protocol.FromCustomer, "agent": protocol.FromAgent, "server": protocol.ToClient}


@pytest.mark.parametrize("sender", FRAMES)
def test_the_frames_of_each_side_are_those_of_the_table(sender) -> None:
    senders = {sender} if sender == "server" else {sender, "both"}
    shown = [(names(kind)[0], names(fields)) for from_, kind, fields, _ in frame_rows() if from_ in senders]
    assert dict(shown) == by_tag(FRAMES[sender])
    assert len(shown) == len(by_tag(FRAMES[sender])), "each once"


def test_every_row_says_who_sends_it_and_what_it_means() -> None:
    for sender, _kind, _fields, meaning in frame_rows():
        assert sender in {*FRAMES, "both"}
        assert meaning


def test_the_close_codes_are_those_of_the_table() -> None:
    shown = {int(code) for code, _meaning, _page in rows("Code", "Meaning", "The page")}
    assert shown == {value for value in vars(codes).values() if isinstance(value, int)}


def test_the_state_diagram_is_the_table_of_transitions() -> None:
    shown = re.findall(r"^ +(\w+) --> (\w+): \S", README, re.MULTILINE)
    assert sorted(shown) == sorted((state, after) for state, allowed in TRANSITIONS.items() for after in allowed)


def test_every_package_and_module_of_chat_is_on_the_map() -> None:
    shown = [name for package, _ in rows("Package", "What it does") for name in names(package)]
    assert sorted(shown) == sorted(modules(CHAT) - APART)


def test_every_part_of_a_connection_is_on_the_map() -> None:
    shown = [name for module, _ in rows("Module", "What it does") for name in names(module)]
    assert sorted(shown) == sorted(modules(CHAT / "sockets"))


def modules(folder: Path) -> set[str]:
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return packages | {path.stem for path in folder.glob("*.py")} - {"__init__"}
