"""Settings of a run, saved in its folder so that a run can be resumed without repeating options."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan_style.data.augmentation import AugmentationConfig
from gan_style.defaults import NO_REFINER, START
from gan_style.errors import GanStyleError, TrainingError
from gan_style.files import atomic_path
from gan_style.models.backbone import BackboneConfig
from gan_style.models.discriminator import DiscriminatorConfig
from gan_style.models.generator import GeneratorConfig
from gan_style.names import path_text, text_path
from gan_style.training.loop.schedule import Limit
from gan_style.training.recipe import Recipe, current_names
from gan_style.training.run.environment import Conditions

NAME, SCHEMA = "plan.json", 1
PATHS = ("photos", "paintings", "output")
PARTS = {
    "backbone": BackboneConfig,
    "generator": GeneratorConfig,
    "discriminator": DiscriminatorConfig,
    "augmentation": AugmentationConfig,
}


@dataclass(frozen=True)
class RunConfig:
    """Settings of one run.

    Attributes:
        photos: folder of photographs.
        paintings: folder of paintings.
        output: the style file.
        recipe: training settings.
        limit: length of training.
        start: initial weights of the generator: "scratch", a style file, the name of a bundled style, or an address on
            the Hub with its commit.
        licence: SPDX identifier written into the style.
        trim: whether margins and frames are cropped.
        device: device option of the command line.
        precision: precision option of the command line.
        refiner: "auto", "none" (as in older files), or a style whose refiner is used.
        conditions: environment of the run, see :mod:`gan_style.training.run.environment`; empty in older files.
    """

    photos: Path
    paintings: Path
    output: Path
    recipe: Recipe
    limit: Limit
    start: str = START
    licence: str = ""
    trim: bool = False
    device: str = "auto"
    precision: str = "auto"
    refiner: str = NO_REFINER
    conditions: Conditions = field(default_factory=dict, compare=False)

    @property
    def folder(self) -> Path:
        """The run folder, next to the style file."""
        return self.output.with_name(f"{self.output.stem}-run")

    def absolute(self) -> RunConfig:
        """Return the settings with absolute paths."""
        paths = {name: getattr(self, name).absolute() for name in PATHS}
        start, refiner = (
            str(Path(word).absolute()) if Path(word).is_file() else word for word in (self.start, self.refiner)
        )
        return dataclasses.replace(self, **paths, start=start, refiner=refiner)

    def write(self) -> None:
        """Write the settings into the run folder, with absolute paths.

        Raises:
            OSError: the file cannot be written.
        """
        with atomic_path(self.folder / NAME) as temporary:
            temporary.write_text(json.dumps(run_config_values(self), indent=1), encoding="utf-8")


def run_config_values(config: RunConfig) -> dict[str, Any]:
    """Return the settings as JSON values, with absolute paths."""
    values = dataclasses.asdict(config.absolute())
    return {"schema": SCHEMA, **values, **{name: path_text(values[name]) for name in PATHS}}


def read_run_config(folder: Path) -> RunConfig:
    """Read the settings of a run; the run folder may have moved together with the style file.

    Raises:
        TrainingError: the file is missing or corrupt, or the folder was renamed.
    """
    path = folder / NAME
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(f"Cannot read {path} ({error.strerror}); give a run folder, such as monet-run.") from None
    except ValueError:
        raise TrainingError(f"{path} is corrupt; start a new run.") from None
    return run_config_from(values, folder)


def run_config_from(values: Any, folder: Path) -> RunConfig:
    """Build the settings of the run in a folder from the values of :func:`run_config_values`.

    Raises:
        TrainingError: the values are invalid, or the folder was renamed.
    """
    path = folder / NAME
    try:
        values = dict(values)
        if values.pop("schema") != SCHEMA:
            raise TrainingError(f"{path} is from another version of gan-style; resume with the version that wrote it.")
        for name in PATHS:
            values[name] = text_path(values[name])
        values["recipe"], values["limit"] = read_recipe(values["recipe"]), Limit(**values["limit"])
        config = RunConfig(**{**values, "output": folder.absolute().with_name(values["output"].name)})
    except (KeyError, TypeError, ValueError, AttributeError):
        raise TrainingError(f"{path} is corrupt or from another version of gan-style; start a new run.") from None
    except TrainingError:
        raise
    except GanStyleError as error:
        raise TrainingError(f"{path} has an invalid setting: {error}") from None
    if config.folder != folder.absolute():
        raise TrainingError(f"{folder} was originally named {config.folder.name}; rename it back.")
    return config


def same_run_config(config: RunConfig) -> bool:
    """Return whether the existing run in the folder has the same settings."""
    try:
        return read_run_config(config.folder) == config.absolute()
    except TrainingError:
        return False


def read_recipe(values: dict[str, Any]) -> Recipe:
    """Build a recipe from JSON values.

    Raises:
        TypeError: a value is missing or has the wrong type.
        GanStyleError: a value is out of range.
    """
    values = current_names(values)
    parts = {name: kind(**as_tuples(values[name])) for name, kind in PARTS.items() if values.get(name) is not None}
    return Recipe(**{**as_tuples(values), **parts})


def as_tuples(values: dict[str, Any]) -> dict[str, Any]:
    """Convert lists, as JSON has them, to tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
