"""Masking that holds: no secret is anywhere, after it has gone every way that the product has."""

from fnmatch import fnmatch

import pytest
from msgspec import inspect

from chat.protocol import FromAgent, FromCustomer
from tests.leaks.paths import TEXTS_IN_FRAMES
from tests.leaks.places import PLACES
from tests.leaks.search import Found, find_text
from tests.leaks.witness import Evidence

pytestmark = pytest.mark.slow

# Addresses that take a form, and why no customer's words come in by it.
WITHOUT_WORDS = {
    "who signs in, and how": (
        "agents:sign_in",
        "agents:sign_out",
        "agents:password",
        "agents:reset",
        "agents:reset_confirm",
        "agents:accept_invitation",
        "agents:second_step",
        "agents:sign_in_by_passkey",
        "agents:passkey_challenge",
        "agents:confirm",
        "agents:new_passkey_challenge",
        "agents:add_passkey",
        "agents:passkey",
        "agents:remove_passkey",
        "agents:set_up_app",
        "agents:remove_app",
        "agents:recovery_codes",
        "agents:end_session",
        "agents:end_other_sessions",
        "agents:end_agent_sessions",
    ),
    "one e-mail address, and nothing else": ("tickets:inquiry_links", "tickets:requester_email"),
    "what admins settle": (
        "agents:contract",
        "agents:agent",
        "agents:invite",
        "agents:invite_again",
        "agents:revoke",
        "agents:two_step_rules",
        "agents:start_mail_again",
        "agents:start_mails_again",
        "chat:chat_settings",
        "chat:operating_hours",
        "chat:override_hours",
        "chat:set_special_day",
        "chat:remove_special_day",
        "chat:add_holidays",
        "chat:new_topic",
        "chat:topic",
        "chat:move_topic",
        "chat:remove_topic",
        "chat:new_category",
        "chat:category",
        "chat:move_category",
        "chat:remove_category",
        "chat:end_chats",
        "chat:canned_starters",
        "first_day:shown",
        "helpcenter:article_starters",
        "helpcenter:switch_members",
        "helpcenter:make_member_secret",
        "helpcenter:end_member_secret",
        "tickets:settings",
        "tickets:new_group",
        "tickets:edit_group",
        "tickets:delete_group",
    ),
    "what admins write about abuse, masked": ("chat:block", "chat:unblock"),
    "what admins write for everybody to read": (
        "helpcenter:settings",
        "helpcenter:new_article",
        "helpcenter:edit_article",
        "helpcenter:publish_article",
        "helpcenter:move_article",
        "helpcenter:delete_article",
        "helpcenter:new_category",
        "helpcenter:edit_category",
        "helpcenter:move_category",
        "helpcenter:delete_category",
    ),
    "a click: nothing that is sent along is read": (
        "agents:start",
        "chat:open",
        "chat:take",
        "chat:take_over",
        "chat:dismiss_notice",
        "chat:mark_spam",
        "chat:lift",
        "chat:remove_pattern",
        "chat:reveal",
        "chat:resume",
        "chat:is_open",
        "chat:remove_file",
        "chat:remove_note",
        "chat:separate_customer",
        "chat:remove_tag",
        "chat:remove_canned",
        "chat:send_canned_file",
        "chat:delete_message",
        "chat:start_sum",
        "chat:customer_end",
        "chat:forget",
        "chat:member_sign_out",
        "chat:leave_member",
        "chat:ask_evaluation",
        "tickets:revoke_links",
        "chat:export_unmask_record",
        "chat:export_report",
        "tickets:lift",
        "tickets:mail_ticket",
        "tickets:mail_delete",
        "tickets:remove_tag",
        "tickets:reveal",
    ),
    "the id of a message": ("chat:used_canned",),
    "a few switches and a number": ("chat:alerts", "chat:shortcuts"),
    "which chat, and how far ahead a clock is": ("chat:transcript", "chat:mail_transcript"),
    "which of a member's chats, and from where on": ("chat:past_chats", "chat:past_chat"),
    "a token, to read a file": ("chat:customer_file", "chat:customer_thumbnail"),
    "one of the categories, by its number": ("chat:set_category", "chat:end"),
    "the number of a ticket": ("tickets:merge",),
    "the number of an article, and whether it helped": ("chat:suggested_article", "chat:judge_article"),
    "a member token, as the chat is tried with": ("chat:enter_member",),
    "one of two languages, and a way back": ("set_language",),
    "one of three themes, and a way back": ("agents:theme",),
    "one of a few states, to filter a list by": ("agents:mails",),
    "days, and one of a few groupings": ("chat:report",),
    "the operator's own site, and what belongs to everybody there": (
        "admin:index",
        "admin:login",
        "admin:logout",
        "admin:password_change",
        "admin:password_change_done",
        "admin:autocomplete",
        "admin:jsi18n",
        "admin:view_on_site",
        "admin:app_list",
        "admin:auth_*",
        "admin:agents_*",
        "admin:helpcenter_helpcenter_*",
        "admin:helpcenter_category_*",
        "admin:helpcenter_article_*",
        "admin:chat_chatsettings_*",
    ),
    "shown to the operator, and changed nowhere there": (
        "admin:helpcenter_privacypolicy_*",
        "admin:helpcenter_customer_*",
        "admin:chat_chat_*",
        "admin:chat_maskingrules_*",
        "admin:chat_ownpattern_*",
        "admin:tickets_ticket_*",
        "admin:tickets_tag_*",
        "admin:tickets_receivedmail_*",
        "admin:tickets_polledfolder_*",
    ),
}
# What fields of frames hold besides texts.
NO_TEXT = (inspect.IntType, inspect.UUIDType)
# What is searched for is asked of the database, and stored by nobody.
PASSING = {("search in the help center", "statements")}
everywhere = pytest.mark.parametrize("place", PLACES)


def test_everything_that_is_written_has_a_place(evidence: Evidence) -> None:
    assert evidence.written.keys() == PLACES.keys()


@everywhere
def test_what_is_masked_by_itself_is_nowhere(evidence: Evidence, place: str) -> None:
    found = evidence.found_of(evidence.masked, place)
    leaks = [str(each) for each in found if not each.secret.by_hand and not _passes_by(each, place)]
    assert not leaks, "\n".join(leaks)


@everywhere
def test_what_is_masked_by_hand_is_gone(evidence: Evidence, place: str) -> None:
    found = evidence.found_of(evidence.masked, place) if PLACES[place].forgets else []
    leaks = [str(each) for each in found if each.secret.by_hand]
    assert not leaks, "\n".join(leaks)


@everywhere
def test_without_masking_the_same_search_finds_it(evidence: Evidence, place: str) -> None:
    found, expected = evidence.found_of(evidence.unmasked, place), PLACES[place]
    assert {each.secret.kind for each in found} >= expected.shows
    assert not expected.canary or find_text(expected.canary, evidence.written[place])
    assert not (expected.is_closed and found)


def test_every_text_that_is_stored_came_in(evidence: Evidence) -> None:
    """Without masking it is in the tables, and what was refused is not: so every way was gone to its end."""
    found = {each.secret for each in evidence.found_of(evidence.unmasked, "tables")}
    secrets = evidence.unmasked.purse.secrets
    assert [str(secret) for secret in secrets if secret.is_kept and secret not in found] == []
    assert [str(secret) for secret in found if not secret.is_kept] == []


def test_every_form_is_tried_or_takes_no_words(evidence: Evidence) -> None:
    """A new address has to be decided about: a way in (`paths`), or a line in ``WITHOUT_WORDS``."""
    patterns = [pattern for names in WITHOUT_WORDS.values() for pattern in names]
    listed = {name for name in evidence.forms for pattern in patterns if fnmatch(name, pattern)}
    assert evidence.forms - listed == evidence.masked.tried == evidence.unmasked.tried
    assert [pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in listed)] == []


def test_every_text_in_a_frame_is_tried() -> None:
    """A new frame or field is one more way in (`paths`)."""
    frames = inspect.type_info(FromCustomer | FromAgent).types
    texts = {f"{frame.tag}.{it.name}" for frame in frames for it in frame.fields if not isinstance(it.type, NO_TEXT)}
    assert texts == TEXTS_IN_FRAMES


def _passes_by(found: Found, place: str) -> bool:
    return (found.secret.path, place) in PASSING
