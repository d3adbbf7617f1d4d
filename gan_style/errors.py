"""Errors that people see: one sentence with a remedy, and the exit code that the command line gives for it."""

from __future__ import annotations


class GanStyleError(Exception):
    """Base of every error this package raises on purpose.

    Attributes:
        exit_code: what the command line exits with.
    """

    exit_code = 1


class UsageError(GanStyleError):
    """Options or arguments that make no sense together."""

    exit_code = 2


class PictureError(GanStyleError):
    """A picture cannot be read or written."""

    exit_code = 3


class StyleError(GanStyleError):
    """A style is missing, damaged or not a style."""

    exit_code = 4


class DataError(GanStyleError):
    """A training folder has too little to learn from."""

    exit_code = 5


class ResourceError(GanStyleError):
    """The device, the memory, the disk or the backbone's weights are not to be had."""

    exit_code = 6


class TrainingError(GanStyleError):
    """Training went wrong; the last good style is kept."""

    exit_code = 7
