"""A change is passed on, read again or left, by its number alone."""

import pytest

from chat.conversation.live import Receipts
from chat.sockets.cursors import DROP, ELSEWHERE, NEXT, READ_AGAIN, Cursors

CHAT, OTHER = 7, 8


@pytest.fixture
def cursors() -> Cursors:
    """The chat is on display, and its client has everything up to 3."""
    cursors = Cursors()
    cursors.begin_reading(CHAT)
    cursors.display(CHAT, 3)
    return cursors


@pytest.mark.parametrize(
    ("chat_id", "rev", "step"),
    [
        (CHAT, 4, NEXT),
        (CHAT, 5, READ_AGAIN),
        (CHAT, 3, DROP),
        (CHAT, 1, DROP),
        (OTHER, 4, ELSEWHERE),
    ],
)
def test_the_next_is_passed_on_and_a_gap_is_read(cursors, chat_id, rev, step) -> None:
    assert cursors.step_for(chat_id, rev) is step


def test_to_ask_what_to_do_moves_nothing(cursors) -> None:
    cursors.step_for(CHAT, 4)
    assert cursors[CHAT] == 3


def test_a_cursor_only_grows(cursors) -> None:
    assert cursors.advance(CHAT, 5)
    assert not cursors.advance(CHAT, 5)
    assert not cursors.advance(CHAT, 4)
    assert cursors[CHAT] == 5


def test_a_chat_elsewhere_has_no_cursor_to_move(cursors) -> None:
    assert not cursors.advance(OTHER, 1)
    assert OTHER not in cursors


def test_only_a_chat_on_display_can_be_behind(cursors) -> None:
    assert cursors.is_behind(CHAT, 4)
    assert not cursors.is_behind(CHAT, 3)
    assert not cursors.is_behind(OTHER, 4)


def test_a_chat_is_on_display_once_it_was_read() -> None:
    cursors = Cursors()
    cursors.begin_reading(CHAT)
    assert CHAT not in cursors
    assert cursors.display(CHAT, 2)
    assert list(cursors) == [CHAT]


def test_a_first_read_misses_what_is_changed_meanwhile() -> None:
    cursors = Cursors()
    cursors.begin_reading(CHAT)
    assert cursors.step_for(CHAT, 1) is ELSEWHERE
    assert not cursors.display(CHAT, 0)


def test_a_change_of_another_chat_is_nothing_to_a_first_read() -> None:
    cursors = Cursors()
    cursors.begin_reading(CHAT)
    cursors.step_for(OTHER, 1)
    assert cursors.display(CHAT, 0)


def test_a_first_read_may_have_missed_what_was_lost() -> None:
    cursors = Cursors()
    cursors.begin_reading(CHAT)
    cursors.lose_deliveries()
    assert not cursors.display(CHAT, 0)


def test_a_chat_that_is_put_away_while_it_is_read_is_not_known_to_be_whole() -> None:
    cursors = Cursors()
    cursors.begin_reading(CHAT)
    cursors.remove(CHAT)
    assert not cursors.display(CHAT, 0)


def test_chats_can_be_put_away_while_they_are_gone_through(cursors) -> None:
    cursors.display(OTHER, 0)
    for chat_id in cursors:
        cursors.remove(chat_id)
    assert list(cursors) == []


def test_the_same_receipts_are_shown_once(cursors) -> None:
    assert cursors.note_receipts(Receipts(CHAT, 1, 1, 1, 0))
    assert not cursors.note_receipts(Receipts(CHAT, 1, 1, 1, 0))
    assert cursors.note_receipts(Receipts(CHAT, 1, 1, 1, 1))
    assert cursors.note_receipts(Receipts(OTHER, 1, 1, 1, 1))


@pytest.mark.parametrize("forget", [Cursors.forget_receipts, Cursors.remove])
def test_a_chat_that_is_shown_anew_shows_its_receipts_anew(cursors, forget) -> None:
    cursors.note_receipts(Receipts(CHAT, 1, 1, 1, 0))
    forget(cursors, CHAT)
    assert cursors.note_receipts(Receipts(CHAT, 1, 1, 1, 0))
