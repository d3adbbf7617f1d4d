"""A cross-validation on its way, kept in the folder of its run so that it goes on where it was cut off."""

from __future__ import annotations

import dataclasses
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan_style.errors import TrainingError
from gan_style.files import atomic_path, is_file
from gan_style.training.cross_validation.grid import Grid, Score, Setting
from gan_style.training.loop.schedule import Limit
from gan_style.training.run.config import NAME as PLAN
from gan_style.training.run.config import RunConfig, run_config_from, run_config_values
from gan_style.training.run.state import remove_states

NAME, SCHEMA = "cross-validation.json", 1
ROOM = "folds"
"""Folder of the trainings on parts of the pictures, inside that of the run."""


@dataclass
class CrossValidationState:
    """A cross-validation on its way, as it is kept in the folder of its run.

    Attributes:
        config: the training that is to follow, with a batch size and a limit that will be replaced.
        grid: what is tried.
        scores: distances by setting and fold, so far.
        fingerprints: of the pictures.
        chosen: name of the best setting, once it is known.
    """

    config: RunConfig
    grid: Grid
    scores: dict[str, list[float]] = field(default_factory=dict)
    fingerprints: list[str] = field(default_factory=list)
    chosen: str = ""

    def write(self) -> None:
        """Keep it.

        Raises:
            OSError: it cannot be written.
        """
        values = {
            "schema": SCHEMA,
            "plan": run_config_values(self.config),
            "grid": dataclasses.asdict(self.grid),
            "scores": self.scores,
            "fingerprints": self.fingerprints,
            "chosen": self.chosen,
        }
        with atomic_path(self.config.folder / NAME) as temporary:
            temporary.write_text(json.dumps(values, indent=1), encoding="utf-8")

    def table(self) -> list[Score]:
        """Every setting that was tried on all folds."""
        return [
            Score(setting, tuple(self.scores[setting.name]))
            for setting in self.grid.settings
            if len(self.scores.get(setting.name, [])) == self.grid.folds
        ]


def is_unfinished(folder: Path) -> bool:
    """Whether a run is a cross-validation whose training on all pictures has not begun."""
    return is_file(folder / NAME) and not is_file(folder / PLAN)


def clear(folder: Path) -> None:
    """Remove what an earlier run left in a folder.

    Raises:
        OSError: it cannot be removed.
    """
    remove_states(folder)
    (folder / PLAN).unlink(missing_ok=True)
    if (folder / ROOM).is_dir():
        shutil.rmtree(folder / ROOM)


def read_cross_validation_state(folder: Path) -> CrossValidationState:
    """The cross-validation of a run.

    Raises:
        TrainingError: it is damaged, or the folder was renamed.
    """
    path = folder / NAME
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if values["schema"] != SCHEMA:
            raise TrainingError(f"{path} is of another version of gan-style; go on with the one that wrote it.")
        grid = Grid(
            tuple(map(int, values["grid"]["batch_sizes"])),
            tuple(Limit(**limit) for limit in values["grid"]["limits"]),
            int(values["grid"]["folds"]),
        )
        scores = {str(name): [float(one) for one in some] for name, some in values["scores"].items()}
        return CrossValidationState(
            run_config_from(values["plan"], folder), grid, scores, list(values["fingerprints"]), str(values["chosen"])
        )
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        raise TrainingError(f"{path} is damaged or of another version of gan-style; train anew.") from None


def set_run_config(config: RunConfig, setting: Setting) -> RunConfig:
    """The plan of a training in one of the settings."""
    return dataclasses.replace(
        config, recipe=dataclasses.replace(config.recipe, batch_size=setting.batch_size), limit=setting.limit
    )


def fold_run_config(config: RunConfig, setting: Setting, fold: int) -> RunConfig:
    """The same without a fold."""
    output = config.folder / ROOM / f"{setting.name}-without-{fold + 1}.safetensors"
    return dataclasses.replace(set_run_config(config, setting), output=output)
