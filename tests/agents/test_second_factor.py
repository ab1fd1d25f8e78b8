"""Two-step verification: who gets in with which proof, who must have it, and what it asks again for."""

import base64
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.http import SimpleCookie
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlsafe_base64_encode

from agents import throttle
from agents.credentials import Credential, chatting_agents, user_of_session
from agents.models import AccountEntry, Agent, AuditEntry, Service
from agents.second_factor import codes, factors, passkeys, pending, step_up
from agents.second_factor.models import AuthenticatorApp, Passkey, RecoveryCode
from agents.sign_in import begin_session
from contiple.base.errors import Invalid, TooMany
from tests.agents.authenticator import UP, Authenticator
from tests.agents.race import at_once
from tests.mails import delivered
from tests.make import PASSWORD, make_agent, make_user

pytestmark = pytest.mark.django_db
NOW = timezone.now()
SECRET = b"12345678901234567890"  # RFC 6238, appendix B


def app_code(secret: bytes, now) -> str:
    return codes._code(secret, int(now.timestamp()) // 30).decode()


def give_app(user, secret: bytes = SECRET) -> list[str]:
    """Sets up the app half an hour ago; returns recovery codes."""
    before = timezone.now() - timedelta(minutes=30)
    factors.set_up_app(user, codes.seal_secret(user, secret), app_code(secret, before), now=before)
    made = factors.make_recovery_codes(user)
    user.refresh_from_db()
    return made


def give_passkey(user, **told) -> Authenticator:
    authenticator = Authenticator(**told)
    answer = authenticator.create(passkeys.begin_registration(user))
    factors.add_passkey(user, passkeys.registered(user, answer["credential"], answer["state"], now=NOW), name="Phone")
    return authenticator


def prove(user, authenticator: Authenticator, options=None):
    answer = authenticator.get(options or passkeys.begin_proof(user))
    return passkeys.prove(user, answer["credential"], answer["state"], now=NOW)


@pytest.fixture
def person(agent: Agent):
    return agent.user


def test_no_session_begins_without_the_factor_whatever_has_forgotten_to_ask(person, rf):
    give_app(person)

    with pytest.raises(PermissionDenied):
        begin_session(rf.post("/"), person, by=AccountEntry.Factor.PASSWORD)


@pytest.fixture
def give_password(client: Client):
    def given(user, next: str = ""):
        return client.post(
            reverse("agents:sign_in"), {"email": user.email, "password": PASSWORD, "next": next}, follow=False
        )

    return given


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("agents:services")).status_code == 200


# Codes


@pytest.mark.parametrize(("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_the_standard(seconds, code):
    at = timezone.datetime.fromtimestamp(seconds, tz=timezone.get_default_timezone())
    assert codes.matching_step(SECRET, code, now=at) == seconds // 30


@pytest.mark.parametrize(("drift", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_wrong(drift, accepted):
    typed = app_code(SECRET, NOW + timedelta(seconds=drift))
    assert (codes.matching_step(SECRET, typed, now=NOW) is not None) == accepted


def test_a_code_is_used_once_and_an_older_one_never_after_it(person):
    give_app(person)
    codes.prove(person, app_code(SECRET, NOW), now=NOW)
    for moment in (NOW, NOW - timedelta(seconds=30)):
        with pytest.raises(Invalid):
            codes.prove(person, app_code(SECRET, moment), now=NOW)
    codes.prove(person, app_code(SECRET, NOW + timedelta(seconds=30)), now=NOW)


def test_the_secret_is_stored_encrypted_for_this_person_alone(person):
    give_app(person)
    sealed = bytes(AuthenticatorApp.objects.get().secret)
    assert SECRET not in sealed
    with pytest.raises(codes.crypto.Unreadable):
        codes.open_secret(make_user(), sealed)


def test_wrong_codes_are_limited_but_a_recovery_code_still_works(person):
    recovery = give_app(person)
    for _number in range(codes.WRONG_CODES.attempts):
        with pytest.raises(Invalid):
            codes.prove(person, "000000", now=NOW)
    with pytest.raises(TooMany):
        codes.prove(person, app_code(SECRET, NOW), now=NOW)
    assert codes.prove(person, recovery[0].upper().replace("-", " "), now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_recovery_code_works_once_for_many_at_once(person):
    recovery = give_app(person)
    results = at_once(*[lambda: codes.prove(person, recovery[3], now=NOW)] * 5)
    assert sorted(isinstance(result, Invalid) for result in results) == [False, True, True, True, True]
    assert RecoveryCode.objects.filter(user=person).count() == 9


@pytest.mark.django_db(transaction=True)
def test_an_app_code_works_once_for_many_at_once(person):
    give_app(person)
    code = app_code(SECRET, NOW)
    results = at_once(*[lambda: codes.prove(person, code, now=NOW)] * 5)
    assert sorted(isinstance(result, Invalid) for result in results) == [False, True, True, True, True]


def test_recovery_codes_are_stored_as_hashes_and_replaced_by_new_ones(person):
    first = give_app(person)
    assert not {code for code in first if code in str(list(RecoveryCode.objects.values()))}
    assert all(re.fullmatch(r"(-?[a-z2-7]{4}){6}", code) for code in first)  # 120 bits
    factors.make_recovery_codes(person)
    with pytest.raises(Invalid):
        codes.prove(person, first[0], now=NOW)


# Passkeys


def test_a_passkey_is_proved_with_and_without_the_password(person):
    key = give_passkey(person)
    assert prove(person, key) == person
    assert prove(None, key) == person


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "https://evil.example"}, {"origin": "http://localhost:8001"}, {"rp_id": "evil.example"}, {"flags": 0}],
)
def test_another_origin_party_or_an_absent_person_is_refused(person, wrong):
    with pytest.raises(Invalid):
        give_passkey(person, **wrong)
    key = give_passkey(person)
    for name, value in wrong.items():
        setattr(key, name, value)
    with pytest.raises(Invalid):
        prove(person, key)


def test_another_persons_passkey_is_refused(person, outsider):
    mine, other = give_passkey(person), give_passkey(outsider.user)
    with pytest.raises(Invalid):
        prove(person, other)
    mine.handle = other.handle
    with pytest.raises(Invalid):
        prove(None, mine)


def test_another_key_under_the_same_id_is_refused(person):
    key = give_passkey(person)
    with pytest.raises(Invalid):
        prove(person, Authenticator(credential_id=key.credential_id, handle=key.handle))


def test_alone_it_must_have_verified_the_person(person):
    key = give_passkey(person)
    key.flags = UP
    assert prove(person, key) == person
    with pytest.raises(Invalid):
        prove(None, key)


def test_a_challenge_is_good_for_one_answer_and_one_purpose(person):
    key = give_passkey(person)
    options = passkeys.begin_proof(person)
    prove(person, key, options)
    with pytest.raises(Invalid):
        prove(person, key, options)
    with pytest.raises(Invalid):
        prove(None, key, passkeys.begin_proof(person))
    with pytest.raises(Invalid):
        prove(person, key, passkeys.begin_proof(None))


def test_a_counter_that_does_not_advance_is_a_copy(person):
    key = give_passkey(person, count=5)
    key.count = 6
    prove(person, key)
    with pytest.raises(Invalid):
        prove(person, key)
    assert AuditEntry.objects.filter(action="agent.passkey_copied").count() == 1
    key.count = 7
    prove(person, key)


@pytest.mark.parametrize(
    "answer", ["", "{", "null", "[]", '{"rawId": 1}', '{"id": "AA", "rawId": "AA", "response": {}}']
)
def test_nonsense_is_refused(person, answer):
    give_passkey(person)
    for user in (person, None):
        with pytest.raises(Invalid):
            passkeys.prove(user, answer, passkeys.begin_proof(user)["state"], now=NOW)
    with pytest.raises(Invalid):
        passkeys.registered(person, answer, passkeys.begin_registration(person)["state"], now=NOW)


def test_inactive_people_have_no_passkeys(person):
    key = give_passkey(person)
    person.is_active = False
    person.save()
    with pytest.raises(Invalid):
        prove(None, key)


# Signing in


def test_the_password_alone_signs_nobody_in(client, agent, person, give_password):
    give_app(person)
    answer = give_password(person, next="/services/")

    assert answer.url == f"{reverse('agents:second_step')}?next=%2Fservices%2F"
    assert not is_signed_in(client)
    assert user_of_session(client.session.session_key) is None
    assert client.get(reverse("agents:two_step")).status_code == 302
    assert client.get(reverse("agents:confirm")).status_code == 302

    done = client.post(answer.url, {"code": app_code(SECRET, timezone.now())})
    assert done.url == "/services/"
    assert is_signed_in(client)


def test_the_session_before_is_not_the_session_after(client, person, give_password):
    give_app(person)
    give_password(person)
    before = client.session.session_key
    client.post(reverse("agents:second_step"), {"code": app_code(SECRET, timezone.now())})
    assert client.session.session_key != before
    assert pending.PENDING not in client.session


def test_a_wrong_code_signs_nobody_in(client, person, give_password):
    give_app(person)
    give_password(person)
    assert "wrong" in client.post(reverse("agents:second_step"), {"code": "000000"}).content.decode()
    assert not is_signed_in(client)


def test_too_many_wrong_codes_name_the_way_that_is_left(client, person, give_password):
    recovery = give_app(person)
    give_password(person)
    for _number in range(codes.WRONG_CODES.attempts + 1):
        answer = client.post(reverse("agents:second_step"), {"code": "000000"})
    assert "A recovery code still works." in answer.content.decode()
    client.post(reverse("agents:second_step"), {"code": recovery[0]})
    assert is_signed_in(client)


def test_the_second_step_expires_and_ends_with_a_new_password(client, person, give_password):
    give_app(person)
    give_password(person)
    session = client.session
    session[pending.PENDING] = {**session[pending.PENDING], "at": timezone.now().timestamp() - 601}
    session.save()
    answer = client.post(reverse("agents:second_step"), {"code": app_code(SECRET, timezone.now())}, follow=True)
    assert answer.redirect_chain
    assert "Too much time has passed" in answer.content.decode()
    assert not is_signed_in(client)

    give_password(person)
    person.set_password("another battery horse")
    person.save()
    client.post(reverse("agents:second_step"), {"code": app_code(SECRET, timezone.now())})
    assert not is_signed_in(client)


def test_a_passkey_alone_signs_in(client, person):
    key = give_passkey(person)
    options = client.post(reverse("agents:passkey_challenge")).json()
    assert "allowCredentials" not in {name for name, value in options["publicKey"].items() if value}
    assert client.post(reverse("agents:sign_in_by_passkey"), key.get(options)).status_code == 302
    assert is_signed_in(client)


def test_a_recovery_code_signs_in_and_the_person_is_told(client, person, give_password, agent):
    recovery = give_app(person)
    delivered()
    mail.outbox.clear()
    give_password(person)
    client.post(reverse("agents:second_step"), {"code": recovery[0]})
    assert is_signed_in(client)
    assert AuditEntry.objects.filter(action="agent.recovery_code_used", subject=f"agent:{agent.pk}").exists()


def test_operators_go_the_same_way(client, give_password):
    operator = make_user("Olga", is_staff=True, is_superuser=True)
    give_app(operator)
    give_password(operator, next="/operator/")
    assert client.get("/operator/").status_code == 302
    client.post(reverse("agents:second_step"), {"code": app_code(SECRET, timezone.now())})
    assert client.get("/operator/").status_code == 200


def test_a_new_password_by_mail_does_not_pass_the_second_step(client, person, give_password):
    give_app(person)
    uid, token = urlsafe_base64_encode(str(person.pk).encode()), default_token_generator.make_token(person)
    form = client.get(reverse("agents:reset_confirm", args=[uid, token]), follow=True)
    words = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    client.post(form.redirect_chain[-1][0], words)
    assert not is_signed_in(client)
    assert give_password(person).url.startswith(reverse("agents:second_step"))


def test_the_first_factor_ends_sessions_that_began_without_it(client, agent, person):
    other = Client()
    for each in (client, other):
        each.post(reverse("agents:sign_in"), {"email": person.email, "password": PASSWORD})
        assert is_signed_in(each)
    credential = Credential(agent.pk, agent.service_id, other.session.session_key, person.password, second_factor=False)
    assert chatting_agents([credential])

    client.get(reverse("agents:set_up_app"))
    text = client.get(reverse("agents:set_up_app")).context["secret"]
    secret = base64.b32decode(text.replace(" ", ""))
    answer = client.post(reverse("agents:set_up_app"), {"code": app_code(secret, timezone.now())})

    assert len(answer.context["codes"].split()) == 10
    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert not chatting_agents([credential])


# Changing factors


def test_each_change_asks_again(sign_in, agent, person):
    client = sign_in(agent)
    for name in ("set_up_app", "add_passkey"):
        assert client.get(reverse(f"agents:{name}")).url.startswith(reverse("agents:confirm"))
    assert client.post(reverse("agents:recovery_codes")).url.startswith(reverse("agents:confirm"))
    assert client.post(reverse("agents:confirm"), {"password": "wrong"}).status_code == 200
    assert client.get(reverse("agents:set_up_app")).status_code == 302
    assert client.post(reverse("agents:confirm"), {"password": PASSWORD}).status_code == 302
    assert client.get(reverse("agents:set_up_app")).status_code == 200


def test_a_password_that_is_hashed_anew_keeps_the_session(sign_in, agent, settings):
    client = sign_in(agent)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", "tests.hashers.FastHasher"]
    client.post(reverse("agents:confirm"), {"password": PASSWORD})
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "target", ["no-page", "agents.sign_in", "https://evil.example/", "//evil.example/", "/\\evil.example"]
)
def test_an_address_that_is_none_of_ours_leads_to_the_start_page(sign_in, agent, target):
    answer = sign_in(agent).post(reverse("agents:confirm"), {"password": PASSWORD, "next": target})
    assert (answer.status_code, answer.url) == (302, "/")


def test_who_has_a_factor_cannot_confirm_by_the_password(sign_in, agent, person):
    give_app(person)
    agent.user.refresh_from_db()
    client = sign_in(agent)
    assert client.post(reverse("agents:confirm"), {"password": PASSWORD}).status_code == 200
    assert client.get(reverse("agents:set_up_app")).status_code == 302
    client.post(reverse("agents:confirm"), {"code": app_code(SECRET, timezone.now())})
    assert client.get(reverse("agents:set_up_app")).status_code == 200


def test_nobody_touches_another_persons_passkey(client, person, outsider):
    give_passkey(person)
    client.post(reverse("agents:sign_in"), {"email": outsider.user.email, "password": PASSWORD})
    own = Passkey.objects.get()
    assert client.get(reverse("agents:passkey", args=[own.pk])).status_code == 404
    assert client.post(reverse("agents:passkey", args=[own.pk]), {"name": "Mine"}).status_code == 404
    assert client.post(reverse("agents:remove_passkey", args=[own.pk])).status_code == 404
    assert Passkey.objects.get().name == "Phone"


@pytest.mark.django_db(transaction=True)
def test_changes_are_on_record_and_told_by_mail(agent, person):
    give_passkey(person)
    factors.remove_passkey(person, Passkey.objects.get().pk)
    delivered()
    actions = AuditEntry.objects.filter(subject=f"agent:{agent.pk}").values_list("action", flat=True)
    assert {"agent.passkey_added", "agent.passkey_removed"} <= set(actions)
    assert [message.to for message in mail.outbox] == [[person.email]] * 2
    assert "A passkey was added" in mail.outbox[0].body


@pytest.mark.django_db(transaction=True)
def test_the_first_codes_come_with_the_first_factor_in_one_mail(person):
    give_app(person)
    delivered()
    assert len(mail.outbox) == 1
    factors.make_recovery_codes(person)
    delivered()
    assert "New recovery codes were made" in mail.outbox[1].body
    assert [entry.action for entry in person.account_entries.all()] == ["two_step_changed"] * 2


def test_without_the_last_factor_recovery_codes_are_gone(person):
    give_app(person)
    factors.remove_app(person)
    person.refresh_from_db()
    assert not person.second_factor
    assert not RecoveryCode.objects.exists()


def test_the_operator_resets_the_factors_of_a_person(client, agent, person):
    give_app(person)
    operator = make_user("Olga", is_staff=True, is_superuser=True)
    client.force_login(operator)
    chosen = {"action": "reset_second_factor", "_selected_action": [person.pk]}
    client.post(reverse("admin:agents_user_changelist"), chosen)
    person.refresh_from_db()
    assert not person.second_factor
    assert AuditEntry.objects.get(action="agent.second_factor_reset").actor == "operator"


# Required


@pytest.mark.parametrize(
    ("rule", "role", "led"),
    [("nobody", "admin", False), ("admins", "admin", True), ("admins", "agent", False), ("all", "agent", True)],
)
def test_who_must_have_one_is_led_to_set_it_up(sign_in, service, rule, role, led):
    Service.objects.update(second_factor=rule)
    member = make_agent(service, "Sol", role=role)
    client = sign_in(member)
    address = reverse("tickets:list", args=["demo"])
    answer = client.get(address)
    assert (answer.status_code, "two-step" in answer.headers.get("Location", "")) == (
        (302, True) if led else (200, False)
    )
    assert client.post(reverse("tickets:new", args=["demo"]), {}).status_code == (403 if led else 200)
    key = client.session.session_key
    credential = Credential(member.pk, service.pk, key, member.user.password, second_factor=False)
    assert bool(chatting_agents([credential])) != led


def test_with_one_the_service_is_open(sign_in, service, agent, person):
    Service.objects.update(second_factor="all")
    give_app(person)
    agent.user.refresh_from_db()
    assert sign_in(agent).get(reverse("tickets:list", args=["demo"])).status_code == 200


def test_operators_must_have_one_where_the_installation_says_so(client, settings):
    settings.OPERATOR_SECOND_FACTOR = True
    operator = make_user("Olga", is_staff=True, is_superuser=True)
    client.force_login(operator)
    answer = client.get("/operator/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("agents:two_step"))
    assert client.get(reverse("admin:agents_user_changelist")).status_code == 302
    give_app(operator)
    client.force_login(operator)
    assert client.get("/operator/").status_code == 200


def test_admins_set_the_rules_and_nobody_else(sign_in, service, admin, agent, outsider):
    address, wanted = reverse("agents:two_step_rules", args=["demo"]), {"second_factor": "all", "asks_again": "on"}
    for stranger in (agent, outsider):
        assert sign_in(stranger).post(address, wanted).status_code == 404
    assert sign_in(admin).post(address, wanted).status_code == 302
    service.refresh_from_db()
    assert service.second_factor == "all"
    entry = AuditEntry.objects.get(action="service.second_factor")
    assert entry.details == {"second_factor": ["nobody", "all"]}


# Asked again


def test_sensitive_acts_ask_again_who_has_one(sign_in, service, admin):
    give_app(admin.user)
    admin.user.refresh_from_db()
    client = sign_in(admin)
    export = reverse("chat:export_unmask_record", args=["demo"])
    assert client.post(export).url.startswith(reverse("agents:confirm"))
    # A page that the desk asks for in the background: the question is a page of its own.
    page = reverse("chat:unmask_record", args=["demo"])
    in_desk = client.post(export, headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"})
    assert in_desk.headers["HX-Redirect"] == f"{reverse('agents:confirm')}?{urlencode({'next': page})}"
    asked = client.post(reverse("chat:reveal", args=["demo", 1]), headers={"X-Requested-With": "fetch"})
    assert (asked.status_code, asked.headers[step_up.HEADER]) == (403, reverse("agents:confirm"))
    dialog = {"headers": {"X-Requested-With": "fetch"}}
    assert client.post(reverse("agents:confirm"), {"code": "000000"}, **dialog).status_code == 200
    code = app_code(SECRET, timezone.now())
    assert client.post(reverse("agents:confirm"), {"code": code}, **dialog).status_code == 204
    assert client.post(export).status_code == 200
    session = client.session
    session[step_up.CONFIRMED_AT] -= 601
    session.save()
    assert client.post(export).status_code == 302
    Service.objects.update(asks_again=False)
    assert client.post(export).status_code == 200


def test_who_has_none_is_not_asked(sign_in, admin):
    assert sign_in(admin).post(reverse("chat:export_unmask_record", args=["demo"])).status_code == 200


def test_the_cookie_of_one_session_says_nothing_in_another(client, person, give_password):
    """A session that waits for the second step can't be turned into one by asking for anything else."""
    give_app(person)
    give_password(person)
    stolen = Client()
    stolen.cookies = SimpleCookie(client.cookies.output(header="", sep=";"))
    for path in ("/", "/services/", "/password/", "/sessions/", "/operator/", reverse("tickets:list", args=["demo"])):
        assert stolen.get(path).status_code == 302
        assert not is_signed_in(stolen)


# The trail


def trail_of(user) -> list[tuple[str, str]]:
    """The steps of signing in, without changes of the factors themselves."""
    changes = [AccountEntry.Action.TWO_STEP_CHANGED, AccountEntry.Action.RECOVERY_CODE_USED]
    steps = AccountEntry.objects.filter(user=user).exclude(action__in=changes)
    return list(steps.order_by("id").values_list("action", "factor"))


def test_each_step_of_signing_in_is_on_record_with_its_factor(client, person, give_password):
    recovery = give_app(person)
    give_password(person)
    client.post(reverse("agents:second_step"), {"code": "000000"})
    client.post(reverse("agents:second_step"), {"code": recovery[1][:-1]})
    client.post(reverse("agents:second_step"), {"code": app_code(SECRET, timezone.now())})
    assert trail_of(person) == [
        ("password_given", "password"), ("sign_in_failed", "app"), ("sign_in_failed", "recovery_code"),
        ("sign_in", "app"),
    ]  # fmt: skip
    assert "Authenticator app" in client.get(reverse("agents:sessions")).text


def test_confirming_is_on_record_and_fills_nobodys_page(sign_in, agent, person):
    recovery = give_app(person)
    client = sign_in(agent)
    for code in ("000000", recovery[0]):
        client.post(reverse("agents:confirm"), {"code": code})
    client.post(reverse("agents:confirm"), {"credential": "{}", "state": "none"})
    assert trail_of(person)[-3:] == [
        ("sign_in_failed", "app"), ("confirmed", "recovery_code"), ("sign_in_failed", "passkey"),
    ]  # fmt: skip
    assert "Confirmed who they are" not in client.get(reverse("agents:sessions")).text


def test_a_passkey_alone_is_on_record_accepted_or_refused_and_of_whom(client, person):
    key = give_passkey(person)
    person.refresh_from_db()
    answer = key.get(client.post(reverse("agents:passkey_challenge")).json())
    url = reverse("agents:sign_in_by_passkey")
    client.post(url, {**answer, "state": "forged"})
    client.post(url, {"credential": "nonsense", "state": "forged"})
    client.post(url, answer)
    assert trail_of(person) == [("sign_in_failed", "passkey"), ("sign_in", "passkey")]
    nobodys = AccountEntry.objects.get(user=None)
    assert (nobodys.action, nobodys.factor, nobodys.address) == ("sign_in_failed", "passkey", None)


def test_refused_passkeys_of_a_network_are_limited_but_not_on_the_persons_own_device(client, person):
    key = give_passkey(person)
    person.refresh_from_db()
    url = reverse("agents:sign_in_by_passkey")
    client.post(url, key.get(client.post(reverse("agents:passkey_challenge")).json()))
    client.post(reverse("agents:sign_out"))
    stranger = Client()
    for _number in range(throttle.PASSKEY_BY_ADDRESS.attempts):
        assert stranger.post(url, {"credential": "nonsense", "state": "forged"}).status_code == 400
    count = AccountEntry.objects.count()
    assert stranger.post(url, {"credential": "nonsense", "state": "forged"}).status_code == 429
    assert AccountEntry.objects.count() == count
    assert client.post(url, key.get(client.post(reverse("agents:passkey_challenge")).json())).status_code == 302


@pytest.mark.parametrize(
    "name", ["services", "password", "sessions", "two_step", "add_passkey", "set_up_app", "confirm", "passkey"]
)
def test_every_page_of_the_account_has_one_way_to_sign_out(sign_in, agent, person, name):
    give_passkey(person)
    person.refresh_from_db()
    parts = [person.passkeys.get().pk] if name == "passkey" else []
    page = sign_in(agent)
    session = page.session
    session[step_up.CONFIRMED_AT] = timezone.now().timestamp()
    session.save()
    answer = page.get(reverse(f"agents:{name}", args=parts))
    assert answer.status_code == 200
    assert answer.text.count(f'action="{reverse("agents:sign_out")}"') == 1


def test_who_is_not_signed_in_is_not_offered_to_sign_out(client):
    assert reverse("agents:sign_out") not in client.get(reverse("agents:sign_in")).text
