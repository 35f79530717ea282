"""Text form: which texts are read, and what of them."""

from __future__ import annotations

import pytest

from training.feedback.text_form import canonical_text, language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("客服态度很好,下次还来", "zh"),
        ("iPhone 很好用", "zh"),
        ("The staff was very helpful.", "en"),
        ("great product", "en"),
        ("OK!!", "en"),
        ("Die Lieferung war sehr schnell und gut", None),
        ("très bon produit", None),
        ("muy buen producto, no la compren", None),
        ("とても良い商品です", None),
        ("배송이 빨라요", None),
        ("Отличный товар", None),
        ("12345 !!!", None),
        ("", None),
    ],
)
def test_chinese_and_english_are_read_and_other_languages_are_not(text: str, language: str | None) -> None:
    assert language_of(canonical_text(text)) == language


def test_full_width_forms_case_digits_and_punctuation_do_not_make_another_text() -> None:
    assert canonical_text("  \uff27REAT, 5 stars...") == canonical_text("great 9 stars") == "great 0 stars"


def test_exclamation_marks_and_emoji_stay_because_they_say_much() -> None:
    assert canonical_text("Bad!! 😡") == "bad!! 😡"
