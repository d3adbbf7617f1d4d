from __future__ import annotations

import pytest

from gan_style.training.run.verdict import subject, verdict

BOTH = {"photos": 10, "paintings": 12, "kept_aside": {"photos": True, "paintings": True}}
NONE = {"photos": 30, "paintings": 1, "kept_aside": {"photos": False, "paintings": False}}
SOME = {"photos": 10, "paintings": 12, "kept_aside": {"photos": True, "paintings": False}}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (BOTH, "10 photographs and 12 paintings kept aside"),
        (NONE, "30 photographs and 1 painting that it learnt from"),
        (SOME, "10 photographs kept aside and 12 paintings that it learnt from"),
    ],
)
def test_what_a_painter_was_examined_on(settings: dict[str, object], words: str) -> None:
    assert subject(settings) == words
    said = verdict({**settings, "closed": 0.655, "closed_margin": 0.1512})
    assert said.startswith(f"On {words}, ")
    assert said.endswith("it has gone 66 % (± 15) of the way from photographs to paintings.")
    assert ("flatters" in said) == (settings is not BOTH)


def test_what_is_not_measured_is_not_praised() -> None:
    assert verdict({}) == "It has not been examined yet."
    assert "no nearer" in verdict({**BOTH, "closed": -0.2, "closed_margin": 0.1})
    assert verdict({**NONE, "closed": None, "closed_margin": None, "unmeasured": "Because."}) == "Because."
