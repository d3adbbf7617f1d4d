"""How long a batch says that it will take."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gan_style.imaging.photograph import Photograph
from gan_style.inference import batch
from gan_style.inference.artist import Artist
from gan_style.inference.batch import Pace, Rules
from gan_style.inference.options import Progress, StylizeOptions
from gan_style.inference.planning import Job


class Clock:
    """Time that passes when it is told to."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Slow(Artist):
    """Takes a minute to make ready and ten seconds for each picture."""

    name, stochastic = "slow", False

    def __init__(self, clock: Clock) -> None:
        self.clock, self.ready = clock, False

    def paint_photograph(
        self, photograph: Photograph, options: StylizeOptions, progress: Progress = lambda _: None
    ) -> Photograph:
        assert options.seed is None
        self.clock.now += 60 * (not self.ready)
        self.ready = True
        for done in range(1, 11):
            self.clock.now += 1
            self.stage = f"step {done} of 10"
            progress(done / 10)
        return photograph


@pytest.mark.parametrize(("there", "new"), [(40, 4), (0, 3), (0, 1), (5, 0)])
def test_the_time_left_is_that_of_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: int, new: int
) -> None:
    clock = Clock()
    monkeypatch.setattr(batch, "time", clock)
    photo = tmp_path / "photo.png"
    Image.new("RGB", (9, 9), "teal").save(photo)
    jobs = [Job(photo, tmp_path / f"{number}.png") for number in range(there + new)]
    for job in jobs[:there]:
        job.target.touch()
    told: list[tuple[Pace, float]] = []
    outcomes = batch.run(
        jobs, Slow(clock), StylizeOptions(), Rules(skip=True), on_pace=lambda pace: told.append((pace, clock.now))
    )
    assert [outcome.state for outcome in outcomes] == ["skipped"] * there + ["painted"] * new
    known = [(pace.remaining, clock.now - then) for pace, then in told if pace.remaining != float("inf")]
    assert len(known) >= 9 * new
    for said, true in known:
        assert said == pytest.approx(true, abs=1.5)
    stages = {pace.stage for pace, _ in told}
    assert not new or "step 7 of 10" in stages
