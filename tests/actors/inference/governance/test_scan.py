from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.inference.governance.scan import Scanner
from legion_llm.messages.terms import Level

PLAIN, STRICT = Scanner(), Scanner(is_strict=True)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("my number is 123-45-6789.", "ssn"),
        ("123 45 6789", "ssn"),
        ("call 555-123-4567 today", "phone"),
        ("call (555) 123-4567", "phone"),
        ("+1 555.123.4567", "phone"),
        ("+49 30 1234 5678", "phone"),
        ("+44 20 7946 0958", "phone"),
    ],
)
def test_personal_data_is_found(text, kind):
    assert PLAIN.scan([text]).pii == {kind: 1}


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3-4567",
        "000-12-3456 and 666-12-3456 and 912-12-3456 are given to nobody",
        "123-456-789",
        "1234-45-6789",
        "commit 555123456789",
        "2024-01-02T03:04:05",
        "ISBN 978-3-16-148410-0",
        "1+2+3",
        "price: 100-200-3000",
    ],
)
def test_what_only_looks_like_it_is_not(text):
    assert PLAIN.scan([text]).pii == {}


def test_an_email_address_alone_does_not_count():
    assert not PLAIN.scan(["write to alice@example.com"])


def test_an_email_address_counts_beside_something_else():
    assert PLAIN.scan(["alice@example.com", "555-123-4567"]).pii == {"email": 1, "phone": 1}
    assert PLAIN.scan(["the patient's address is alice@example.com"]).pii == {"email": 1}


def test_an_email_address_counts_alone_where_the_settings_say_so():
    assert Scanner(emails_count=True).scan(["write to alice@example.com"]).pii == {"email": 1}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("from 192.168.1.17", "ip"),
        ("born 03/14/1965", "date_of_birth"),
        ("born 1965-03-14", "date_of_birth"),
        ("lives in 90210-1234", "zip"),
        ("MRN: 00123456", "mrn"),
        ("account number: 12345678", "account_number"),
        ("License No. D1234567", "licence_number"),
        ("see https://example.org/a?b=c", "url"),
        ("VIN 1HGCM82633A004352", "vin"),
        ("NPI 1234567893", "npi"),
    ],
)
def test_the_extended_set_counts_only_where_it_is_wanted(text, kind):
    assert kind in STRICT.scan([text]).pii
    assert kind not in PLAIN.scan([text]).pii


@pytest.mark.parametrize(
    "text", ["The patient was seen", "Diagnoses:", "medical-record", "date of birth", "LAB RESULTS"]
)
def test_words_of_medicine_are_found_as_whole_words(text):
    assert PLAIN.scan([text]).phi


@pytest.mark.parametrize("text", ["impatient", "outpatients-list", "npis", "radiologybook", "subprocedures"])
def test_parts_of_other_words_are_not(text):
    assert not PLAIN.scan([text])


def test_a_word_that_medicine_shares_with_the_world_says_nothing_alone():
    assert not PLAIN.scan(["a stored procedure; the procedure returns"])
    assert PLAIN.scan(["discharge after treatment"]).phi == ("discharge", "treatment")


@pytest.mark.parametrize("declared", list(Level))
def test_what_is_found_raises_the_level_and_never_lowers_it(declared):
    assert PLAIN.scan(["555-123-4567"]).level(declared) is Level.RESTRICTED
    assert PLAIN.scan(["hello"]).level(declared) is declared


def test_levels_have_an_order():
    assert sorted(Level, key=lambda level: level.rank) == ["public", "internal", "confidential", "restricted"]


def test_what_is_found_is_replaced_and_the_rest_is_left():
    text = "Call 555-123-4567 about the patient (alice@example.com), 123-45-6789."

    assert PLAIN.redacted(text) == "Call [REDACTED] about the [REDACTED] ([REDACTED]), [REDACTED]."


def test_nothing_is_found_in_what_was_replaced():
    text = "Patient 123-45-6789, 555-123-4567, NPI 1234567893, treatment and discharge, https://x.example/y"

    assert not STRICT.scan([STRICT.redacted(text)])


@given(st.text(alphabet="+-(). 0123456789@abcNPImrn#:/", max_size=60))
def test_redacting_leaves_nothing_that_counts(text):
    assert not STRICT.scan([STRICT.redacted(text)]).pii.keys() - {"email"} or STRICT.placeholder in STRICT.redacted(
        text
    )


# Texts for which a pattern with nested repetitions would need hours: this test would not end.
@pytest.mark.parametrize(
    "piece",
    ["a", "1", "1-", "+1 ", "a@", "a.", "a@a.", "(555) ", "1.", "http://", "A", "mrn ", "licence ", "x@y.z-", " "],
)
def test_a_hostile_text_takes_time_in_proportion_to_its_length(piece):
    text = piece * (60_000 // len(piece))

    assert STRICT.scan([text]) is not None
    assert STRICT.redacted(text)
