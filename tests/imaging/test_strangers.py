from __future__ import annotations

from pathlib import Path

import pytest

from gan_style.errors import DataError, PictureError
from gan_style.imaging.decoding import read_picture
from gan_style.imaging.opening import open_photograph
from gan_style.inference.naming import Naming
from gan_style.inference.planning import plan

REST = bytes(64)
FILES = {
    "a.mp4": (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", "ffmpeg -i {} frame"),
    "b.mov": (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "--seed 1"),
    "c": (b"\x1aE\xdf\xa3\x01\0\0\0", "is a video"),
    "d.avi": (b"RIFF\0\0\0\0AVI LIST", "is a video"),
    "e.jpg": (b"\0\0\0\x08wide\0\0\0\x10mdat", "is a video"),
    "h.jpg": (b"<!DOCTYPE html><html><body>404", "is a web page"),
    "i.png": (b"PK\3\4\x14\0", "unpack it first"),
    "j.svg": (b"<?xml version='1.0'?><svg>", "vector drawing"),
    "k.pdf": (b"%PDF-1.7 and so on", "is a document"),
    "l.jpg": (b"hello", "is not a picture in a supported format"),
    "m.mp4": (b"", "is not a picture in a supported format"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_picture_is_answered_in_words_that_help(tmp_path: Path, name: str) -> None:
    begins, words = FILES[name]
    path = tmp_path / name
    path.write_bytes(begins + REST if begins else b"")
    for read in (open_photograph, read_picture):
        with pytest.raises(PictureError) as caught:
            read(path)
        assert words.format(path) in str(caught.value)
        assert str(caught.value).startswith(str(path))
    if begins:  # Of what comes through a pipe only the content is known.
        with pytest.raises(PictureError, match=words.split("{")[0].strip()):
            open_photograph(begins + REST, name="Standard input")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("https://example.org/a b.jpg", "curl -LO 'https://example.org/a b.jpg'"),
        ("http://example.org/a.jpg", "curl -LO http://example.org/a.jpg"),
        ("ftp://example.org/a.jpg", "ftp://example.org/a.jpg is not a local file"),
        ("s3://bucket/a.jpg", "s3://bucket/a.jpg is not a local file"),
        ("file:///home/me/a.jpg", "give the path itself, /home/me/a.jpg."),
        ("data:image/png;base64,AAAA", "save the picture as a file"),
        ("http.jpg", "does not exist"),
        ("C:/photos/a.jpg", "does not exist"),
    ],
)
def test_web_addresses_are_recognized(word: str, said: str) -> None:
    for read in (open_photograph, lambda path: plan([path], None, Naming("monet"))):
        with pytest.raises(PictureError) as caught:
            read(Path(word))
        assert said in str(caught.value)


def test_folders_to_learn_from_that_are_something_else(tmp_path: Path) -> None:
    from gan_style.training.api import check

    (tmp_path / "photos.zip").write_bytes(b"PK\3\4" + REST)
    for word, said in ((tmp_path / "photos.zip", "unpack it"), ("https://example.org/photos", "not downloaded")):
        with pytest.raises(DataError, match=said):
            check(word, tmp_path)
