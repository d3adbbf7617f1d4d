"""Formatting of counts and durations."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str = "") -> str:
    """Format a number with its noun: 1 picture, 2 pictures.

    Args:
        count: the number.
        noun: the singular.
        plural: the plural; the singular with an s by default.
    """
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def duration(seconds: float) -> str:
    """Format a duration: 40 seconds, 1 minute, 12 minutes."""
    whole = round(seconds)
    return counted(whole, "second") if whole < 60 else counted(round(seconds / 60), "minute")
