from __future__ import annotations

from gan_style.text import counted, duration


def test_one_of_a_kind_is_singular() -> None:
    assert [counted(count, "picture") for count in (0, 1, 2)] == ["0 pictures", "1 picture", "2 pictures"]
    assert counted(2, "brush", "brushes") == "2 brushes"
    assert [duration(seconds) for seconds in (1, 59.4, 60, 95, 600)] == [
        "1 second",
        "59 seconds",
        "1 minute",
        "2 minutes",
        "10 minutes",
    ]
