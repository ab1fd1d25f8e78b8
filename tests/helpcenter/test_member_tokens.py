"""Member tokens: who is vouched for, and what is refused, each for its own reason."""

import html
import json
import os
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, AuditEntry, Service, User
from contiple.base import crypto
from contiple.base.errors import Closed, Conflict
from helpcenter.customers import customer_for_inquiry
from helpcenter.members import sessions, shared_secrets, tokens, vector
from helpcenter.members.models import MemberSecret, MemberSession, SpentToken
from helpcenter.members.sessions import Browser
from helpcenter.members.tokens import Refused
from helpcenter.members.views_admin import sample
from helpcenter.models import Customer
from tests.make import make_customer
from tests.members import Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(admin) -> Site:
    return Site(admin)


@pytest.fixture
def other_site(outsider) -> Site:
    return Site(outsider)


def begin(site: Site, token: str, *, current: str = "", new: str = "", later: timedelta = timedelta()):
    browser = Browser(current, new or sessions.new_token(), str)
    return sessions.begin(site.service, token, browser, now=timezone.now() + later)


def refusal(site: Site, token: str, **how) -> str:
    with pytest.raises(Refused) as refused:
        begin(site, token, **how)
    assert site.text not in str(refused.value)
    assert not MemberSession.objects.exists()
    assert not SpentToken.objects.exists()
    return refused.value.code


def test_a_genuine_token_says_who_it_is(site) -> None:
    token = tokens.verify(site.service, site.token("m-7", name="김하나"), now=timezone.now())
    assert token.member == ("m-7", "김하나", "hana@example.com")


def test_an_email_may_be_left_out(site) -> None:
    assert tokens.verify(site.service, site.token(email=...), now=timezone.now()).member.email == ""


NOW = int(time.time())


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"service": "other"}, "other_service"),
        ({"service": None}, "other_service"),
        ({"issued": 10, "expires": 300}, "expired"),
        ({"issued": 4_000_000_000, "expires": 4_000_000_300}, "future"),
        ({"issued": 10**400, "expires": 10**400 + 10}, "future"),
        ({"issued": NOW - 400, "expires": NOW + 400}, "lifetime"),
        ({"issued": NOW, "expires": NOW}, "lifetime"),
        ({"issued": "1"}, "fields"),
        ({"expires": True}, "fields"),
        ({"expires": 1e9}, "fields"),
        ({"nonce": "short"}, "fields"),
        ({"nonce": 5}, "fields"),
        ({"nonce": "x" * 65}, "fields"),
        ({"member": ""}, "fields"),
        ({"member": 7}, "fields"),
        ({"member": "a b"}, "fields"),
        ({"member": "하나"}, "fields"),
        ({"member": "m\0"}, "fields"),
        ({"member": "m-1\n"}, "fields"),
        ({"member": "x" * 65}, "fields"),
        ({"name": ""}, "fields"),
        ({"name": ...}, "fields"),
        ({"name": "Ha\0na"}, "fields"),
        ({"name": "\ud800"}, "fields"),
        ({"name": "Hana\u202e"}, "fields"),
        ({"name": "x" * 81}, "fields"),
        ({"email": "nobody"}, "fields"),
        ({"email": "a@example.com\0"}, "fields"),
        ({"email": ["hana@example.com"]}, "fields"),
        ({"name": "x" * 2000}, "too_long"),
    ],
)
def test_claims_that_cant_be_used_are_refused(site, changed, code) -> None:
    assert refusal(site, site.token(**changed)) == code


@pytest.mark.parametrize(
    "text", ["", "v1", "v1.a.b.c", "\0", "가" * 100, "v2.{}", "{}x", "{} ", "{}\n", " {}", "none.{}"]
)
def test_what_is_no_token_is_refused_before_it_is_read(site, text) -> None:
    assert refusal(site, text.replace("{}", site.token())) in {"form", "signature"}


def test_an_oversize_text_is_refused(site) -> None:
    assert refusal(site, site.token() + "A" * 1_000_000) == "too_long"


@pytest.mark.parametrize("claims", [b"[]", b"7", b"null", b"{", b"\xff", b"[" * 900, b'{"service":NaN}'])
def test_signed_nonsense_is_refused(site, claims) -> None:
    assert refusal(site, site.signed(claims)) in {"form", "other_service"}


def test_a_forged_token_is_refused(site) -> None:
    head, claims, _signature = site.token().rsplit(".", 2)
    mine = json.dumps(site.claims("victim"))
    assert refusal(site, site.signed(mine, text=site.secret.key_id)) == "signature"
    assert refusal(site, f"{head}.{claims}.{'A' * 43}") == "signature"
    stolen = site.token().rsplit(".", 1)[1]
    assert refusal(site, site.signed(mine).rsplit(".", 1)[0] + f".{stolen}") == "signature"


def test_a_token_of_another_service_is_nothing_here(site, other_site) -> None:
    assert refusal(site, other_site.token()) == "unknown_secret"
    assert refusal(site, other_site.token(service="demo")) == "unknown_secret"


def test_a_clock_may_be_a_minute_wrong(site) -> None:
    assert begin(site, site.token("late"), later=timedelta(seconds=355)).session
    assert begin(site, site.token("early"), later=timedelta(seconds=-55)).session


def test_no_longer_than_a_minute(site) -> None:
    assert refusal(site, site.token(), later=timedelta(seconds=365)) == "expired"
    assert refusal(site, site.token(), later=timedelta(seconds=-65)) == "future"


def test_a_token_counts_once_but_may_be_sent_again_by_the_same_page(site) -> None:
    token, new = site.token(), sessions.new_token()
    begun = begin(site, token, new=new)
    assert begin(site, token, new=new) == begun
    with pytest.raises(Refused) as refused:
        begin(site, token)
    assert refused.value.code == "replayed"
    assert MemberSession.objects.count() == 1


def test_where_it_is_off_nothing_counts(site, admin) -> None:
    begin(site, site.token())
    shared_secrets.switch(admin, on=False)
    assert not MemberSession.objects.exists()
    SpentToken.objects.all().delete()
    assert refusal(site, site.token()) == "off"


# Secrets


def test_two_secrets_are_valid_at_once_and_no_more(site, admin) -> None:
    old = site.token()
    site.secret, site.text = shared_secrets.make(admin)
    assert begin(site, old).session
    assert begin(site, site.token("m-2")).session
    with pytest.raises(Conflict):
        shared_secrets.make(admin)


def test_an_ended_secret_ends_who_came_by_it_and_is_gone(site, admin) -> None:
    begun = begin(site, site.token())
    shared_secrets.end(admin, site.secret.pk)
    assert sessions.session_of(site.service, begun.token) is None
    SpentToken.objects.all().delete()
    assert refusal(site, site.token()) == "ended_secret"
    assert bytes(MemberSecret.objects.get().sealed) == b""


def test_secrets_are_on_record_and_stored_unreadable(site, admin) -> None:
    shared_secrets.end(admin, site.secret.pk)
    actions = AuditEntry.objects.filter(action__startswith="member.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["member.interlink", "member.secret_made", "member.secret_ended"]
    secret, text = shared_secrets.make(admin)
    assert text.split(".")[1].encode() not in bytes(MemberSecret.objects.get(pk=secret.pk).sealed)
    assert not any(text in str(entry.details) for entry in AuditEntry.objects.all())


def test_who_is_no_admin_makes_none(site, agent, outsider) -> None:
    with pytest.raises(Closed):
        shared_secrets.make(agent)
    shared_secrets.end(outsider, site.secret.pk)
    assert shared_secrets.valid_secrets(site.service).get() == site.secret


# Customers


def test_a_member_is_one_customer_on_every_device_after_consent(site) -> None:
    phone = begin(site, site.token("m-1"))
    assert not Customer.objects.exists()
    customer = sessions.consented(phone.session, phone.token, language="ko")
    desk = begin(site, site.token("m-1", name="Hana Lee", email="lee@example.com"))
    customer.refresh_from_db()
    assert (desk.session.customer, customer.name, customer.email) == (customer, "Hana Lee", "lee@example.com")
    assert sessions.consented(desk.session, desk.token, language="en") == customer


def test_before_consent_nothing_of_the_member_can_be_read(site) -> None:
    begun = begin(site, site.token("m-1"))
    row = MemberSession.objects.get()
    assert b"Hana" not in bytes(row.sealed)
    assert begun.token not in row.token_hash
    assert sessions.member_of(row, begun.token).name == "Hana Kim"


def test_the_same_member_keeps_the_session_and_another_one_ends_it(site) -> None:
    first = begin(site, site.token("m-1"))
    again = begin(site, site.token("m-1"), current=first.token)
    assert again.token == first.token
    other = begin(site, site.token("m-2"), current=first.token)
    assert other.token != first.token
    assert sessions.session_of(site.service, first.token) is None


def test_a_claimed_address_joins_no_member_and_no_member_joins_a_claim(site) -> None:
    claimed = make_customer(site.service, "Hana Kim", email="hana@example.com")
    begun = begin(site, site.token())
    member = sessions.consented(begun.session, begun.token, language="en")
    assert member != claimed
    found = customer_for_inquiry(site.service, name="Hana Kim", email="hana@example.com", language="en")
    assert found == claimed
    claimed.delete()
    found = customer_for_inquiry(site.service, name="Hana Kim", email="HANA@example.com", language="en")
    assert found != member


def test_sessions_and_spent_tokens_are_swept_when_they_have_run_out(site) -> None:
    begin(site, site.token())
    sessions.drop_expired()
    assert (MemberSession.objects.count(), SpentToken.objects.count()) == (1, 1)
    SpentToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    MemberSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    sessions.drop_expired()
    assert (MemberSession.objects.count(), SpentToken.objects.count()) == (0, 0)


# The samples

RUNS = {  # how a program of the sample prints the token of what it is given: fields, or one text of claims to be signed
    "python": (
        ".py",
        ["python3"],
        "\nimport sys\ngiven = sys.argv[1:]\nprint(signed(*given) if len(given) == 1 else member_token(*given))\n",
    ),
    "javascript": (
        ".mjs",
        ["node"],
        "\nconst given = process.argv.slice(2);\n"
        "console.log(given.length === 1 ? signed(...given) : memberToken(...given));\n",
    ),
    "php": (
        ".php",
        ["php"],
        "\n$given = array_slice($argv, 1);\necho count($given) === 1 ? signed(...$given) : member_token(...$given);\n",
    ),
    "java": (".java", ["java"], ""),
}
JAVA_MAIN = """public final class MemberToken {
    public static void main(String[] given) throws Exception {
        System.out.println(given.length == 1 ? signed(given[0]) : of(given[0], given[1], given[2]));
    }
"""


def printed(service: Service, folder: Path, language: str, secret: str, *given: str) -> str:
    """What the sample's program prints."""
    ending, program, more = RUNS[language]
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not on this machine")
    code = (sample(service, language) + more).replace("public final class MemberToken {\n", JAVA_MAIN)
    file = folder / f"MemberToken{ending}"
    file.write_text(code)
    return subprocess.run(
        [*program, file, *given],
        env={**os.environ, "CONTIPLE_MEMBER_SECRET": secret, "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.mark.parametrize("language", RUNS)
def test_the_samples_sign_as_the_example_says(service, tmp_path, language) -> None:
    assert printed(service, tmp_path, language, vector.SECRET, vector.CLAIMS) == vector.SIGNED


def test_the_example_is_what_is_verified(site, admin, sign_in) -> None:
    MemberSecret.objects.filter(pk=site.secret.pk).update(key_id=vector.SECRET.split(".")[0])
    secret = MemberSecret.objects.get()
    sealed = crypto.seal(shared_secrets._key(), vector.SECRET.encode(), shared_secrets._bound_to(secret))
    MemberSecret.objects.update(sealed=sealed)
    at = datetime.fromtimestamp(1767225700, UTC)
    assert tokens.verify(site.service, vector.SIGNED, now=at).member == ("m-7", "김하나", "hana@example.com")
    page = html.unescape(sign_in(admin).get("/desk/demo/help-center/members/").text)
    assert all(text in page for text in (vector.SECRET, vector.CLAIMS, vector.SIGNED))


@pytest.mark.parametrize("language", RUNS)
@pytest.mark.parametrize("name", ["김하나", "O\"Neill \\ 'Ünal' </script>", "👩‍🚀", "가" * 80])
def test_the_samples_make_tokens_that_count(site, tmp_path, language, name) -> None:
    made = printed(site.service, tmp_path, language, site.text, "m-7", name, "hana@example.com")
    assert tokens.verify(site.service, made, now=timezone.now()).member == ("m-7", name, "hana@example.com")


def test_who_manages_another_service_sees_no_secret(admin: Agent, site, outsider, sign_in) -> None:
    assert sign_in(outsider).get("/desk/demo/help-center/members/").status_code == 404
    assert site.secret.key_id in sign_in(admin).get("/desk/demo/help-center/members/").text


def test_an_admin_makes_a_secret_which_is_shown_once(admin: Agent, sign_in) -> None:
    browser = sign_in(admin)
    browser.post("/desk/demo/help-center/members/switch/", {"on": "1"})
    shown = browser.post("/desk/demo/help-center/members/secrets/new/")
    secret = MemberSecret.objects.get()
    text = shared_secrets.opened(secret).decode()
    assert text in shown.text
    assert text not in browser.get("/desk/demo/help-center/members/").text
    browser.post(f"/desk/demo/help-center/members/secrets/{secret.pk}/end/")
    assert not shared_secrets.valid_secrets(admin.service).exists()


def test_an_admin_with_a_second_factor_is_asked_again(admin: Agent, sign_in) -> None:
    User.objects.filter(pk=admin.user.pk).update(second_factor=True)
    asked = sign_in(admin).post("/desk/demo/help-center/members/secrets/new/")
    assert asked["Location"].startswith(reverse("agents:confirm"))
    assert not MemberSecret.objects.exists()
