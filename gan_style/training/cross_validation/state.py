"""Saved state of a cross-validation, from which it can be resumed."""

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
FOLDS_FOLDER = "folds"
"""Subfolder of the run folder with the runs on folds."""


@dataclass
class CrossValidationState:
    """State of a cross-validation.

    Attributes:
        config: settings of the final run, whose batch size and limit will be replaced.
        grid: settings to compare.
        scores: distances so far, by setting and fold.
        fingerprints: fingerprints of both sets.
        chosen: name of the best setting, or empty.
    """

    config: RunConfig
    grid: Grid
    scores: dict[str, list[float]] = field(default_factory=dict)
    fingerprints: list[str] = field(default_factory=list)
    chosen: str = ""

    def write(self) -> None:
        """Write the state into the run folder.

        Raises:
            OSError: the file cannot be written.
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
        """Return the scores of all settings that are complete."""
        return [
            Score(setting, tuple(self.scores[setting.name]))
            for setting in self.grid.settings
            if len(self.scores.get(setting.name, [])) == self.grid.folds
        ]


def is_unfinished(folder: Path) -> bool:
    """Return whether a run is a cross-validation that has not begun its final run."""
    return is_file(folder / NAME) and not is_file(folder / PLAN)


def clear(folder: Path) -> None:
    """Remove the files of an earlier run from a folder.

    Raises:
        OSError: a file cannot be removed.
    """
    remove_states(folder)
    (folder / PLAN).unlink(missing_ok=True)
    if (folder / FOLDS_FOLDER).is_dir():
        shutil.rmtree(folder / FOLDS_FOLDER)


def read_cross_validation_state(folder: Path) -> CrossValidationState:
    """Read the state of a cross-validation.

    Raises:
        TrainingError: the file is corrupt, or the folder was renamed.
    """
    path = folder / NAME
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if values["schema"] != SCHEMA:
            raise TrainingError(f"{path} is from another version of gan-style; resume with the version that wrote it.")
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
        raise TrainingError(f"{path} is corrupt or from another version of gan-style; start a new run.") from None


def set_run_config(config: RunConfig, setting: Setting) -> RunConfig:
    """Return the settings of a run with a setting of the grid."""
    return dataclasses.replace(
        config, recipe=dataclasses.replace(config.recipe, batch_size=setting.batch_size), limit=setting.limit
    )


def fold_run_config(config: RunConfig, setting: Setting, fold: int) -> RunConfig:
    """Return the settings of a run without one fold."""
    output = config.folder / FOLDS_FOLDER / f"{setting.name}-without-{fold + 1}.safetensors"
    return dataclasses.replace(set_run_config(config, setting), output=output)
