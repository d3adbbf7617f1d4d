"""Small words that every text needs."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun: 1 picture, 2 pictures.

    Args:
        count: how many.
        noun: what one of them is called.
        plural: what several are called; by default with an s.
    """
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def duration(seconds: float) -> str:
    """A time as people say it: 40 seconds, 1 minute, 12 minutes."""
    whole = round(seconds)
    return counted(whole, "second") if whole < 60 else counted(round(seconds / 60), "minute")
