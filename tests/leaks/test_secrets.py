"""The secrets are what they are meant to be: otherwise the search for them would find nothing whatever leaks."""

import base64
import random

from chat.masking.detectors import MASKED_BY_DEFAULT, detect
from chat.masking.spans import apply_mask
from tests.cases import cases
from tests.leaks.secrets import AUTOMATIC, BY_HAND, Purse, Secret

KIND_OF = {
    "card with dashes": "card",
    "card in full width": "card",
    "card code": "card_code",
    "resident number": "rrn",
    "foreigner number": "frn",
    "driver's licence": "driver_license",
    "bank account": "bank_account",
    "IBAN": "iban",
    "social security number": "us_ssn",
    "password": "secret",
    "API key": "secret",
}


def concealed(text: str) -> str:
    return apply_mask(text, [span[1:] for span in detect(text, MASKED_BY_DEFAULT)])


@cases("joint", ["\n", ", "])
def test_detectors_take_every_one_of_the_automatic_kinds(joint):
    for seed in range(200):
        purse = Purse(random.Random(seed))
        masked = concealed(purse.text("test", joint=joint))
        assert [secret for secret in purse.secrets if secret.value in masked] == []


@cases("kind", AUTOMATIC)
def test_detectors_take_each_of_them_alone(kind):
    for seed in range(50):
        purse = Purse(random.Random(seed))
        assert not purse.are_in(concealed(purse.text("test", kind)))


def test_every_kind_that_is_masked_by_default_is_among_them():
    assert {KIND_OF.get(kind, kind) for kind in AUTOMATIC} == MASKED_BY_DEFAULT


@cases("kind", BY_HAND)
def test_no_detector_takes_what_is_masked_by_hand(kind):
    for seed in range(50):
        purse = Purse(random.Random(seed))
        assert purse.are_in(concealed(purse.text("test", kind)))


@cases("before", ["", "x", "xy", "xyz"])
@cases("after", ["", "x", "xy", "xyz"])
@cases("value", ["M12345678", "4111-1111-1111-1111", "김서윤"])
def test_base64_is_known_wherever_it_begins_and_ends(value, before, after):
    written = base64.b64encode(f"{before}{value}{after}".encode())
    assert any(form in written for form, way in Secret("", value, "").forms().items() if way == "in base64")


def test_forms_are_long_enough_not_to_be_met_by_accident():
    purse = Purse(random.Random(1))
    purse.text("test")
    purse.by_hand("test")
    assert min(len(form) for secret in purse.secrets for form in secret.forms()) >= 9
