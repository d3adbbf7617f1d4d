from __future__ import annotations

import pytest

from gan_style.training.run.verdict import subject, verdict

BOTH = {"photos": 10, "paintings": 12, "kept_aside": {"photos": True, "paintings": True}}
NONE = {"photos": 30, "paintings": 1, "kept_aside": {"photos": False, "paintings": False}}
SOME = {"photos": 10, "paintings": 12, "kept_aside": {"photos": True, "paintings": False}}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (BOTH, "10 held-out photographs and 12 held-out paintings"),
        (NONE, "30 training photographs and 1 training painting"),
        (SOME, "10 held-out photographs and 12 training paintings"),
    ],
)
def test_the_verdict_names_the_validation_pictures(settings: dict[str, object], words: str) -> None:
    assert subject(settings) == words
    said = verdict({**settings, "closed": 0.655, "closed_margin": 0.1512})
    assert said.startswith(f"On {words}")
    assert said.endswith("it closes 66 ± 15 % of the style gap between photographs and paintings.")
    assert ("biased" in said) == (settings is not BOTH)


def test_the_verdict_without_a_measured_gap() -> None:
    assert verdict({}) == "The style has not been validated yet."
    assert "no closer" in verdict({**BOTH, "closed": -0.2, "closed_margin": 0.1})
    assert verdict({**NONE, "closed": None, "closed_margin": None, "unmeasured": "Because."}) == "Because."
