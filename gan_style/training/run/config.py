"""What a training was asked for, kept in its folder, so that going on needs no option repeated."""

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
from gan_style.training.recipe import FORMER_NAMES, Recipe
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
    """One training from outside.

    Attributes:
        photos: folder of photographs.
        paintings: folder of paintings.
        output: the style file.
        recipe: what decides what is learnt.
        limit: how long.
        start: what the generator begins as: "scratch", a style file, the name of a bundled style, or an address on the
            Hub with its commit.
        licence: SPDX identifier written into the style.
        trim: whether margins and frames are cut off.
        device: as asked for.
        precision: as asked for.
        refiner: who adds the finest strokes: "auto", "none" (as in older plans), or a style whose refiner does.
        conditions: what it began under, see :mod:`gan_style.training.run.environment`; empty in older plans.
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
        """The folder beside the style file that holds everything else."""
        return self.output.with_name(f"{self.output.stem}-run")

    def absolute(self) -> RunConfig:
        """The plan with absolute paths."""
        paths = {name: getattr(self, name).absolute() for name in PATHS}
        start, refiner = (
            str(Path(word).absolute()) if Path(word).is_file() else word for word in (self.start, self.refiner)
        )
        return dataclasses.replace(self, **paths, start=start, refiner=refiner)

    def write(self) -> None:
        """Keep the plan in its folder, with absolute paths.

        Raises:
            OSError: it cannot be written.
        """
        with atomic_path(self.folder / NAME) as temporary:
            temporary.write_text(json.dumps(run_config_values(self), indent=1), encoding="utf-8")


def run_config_values(config: RunConfig) -> dict[str, Any]:
    """A plan as JSON, with absolute paths."""
    values = dataclasses.asdict(config.absolute())
    return {"schema": SCHEMA, **values, **{name: path_text(values[name]) for name in PATHS}}


def read_run_config(folder: Path) -> RunConfig:
    """The plan of a run, whose folder may have moved together with its style file.

    Raises:
        TrainingError: there is none, it is damaged, or the folder was renamed.
    """
    path = folder / NAME
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(
            f"{path} cannot be read ({error.strerror}); give the folder of a training, such as monet-run."
        ) from None
    except ValueError:
        raise TrainingError(f"{path} is damaged; train anew.") from None
    return run_config_from(values, folder)


def run_config_from(values: Any, folder: Path) -> RunConfig:
    """The plan of the run in a folder, from what :func:`run_config_values` gave.

    Raises:
        TrainingError: it is damaged, or the folder was renamed.
    """
    path = folder / NAME
    try:
        values = dict(values)
        if values.pop("schema") != SCHEMA:
            raise TrainingError(f"{path} is of another version of gan-style; go on with the one that wrote it.")
        for name in PATHS:
            values[name] = text_path(values[name])
        values["recipe"], values["limit"] = read_recipe(values["recipe"]), Limit(**values["limit"])
        config = RunConfig(**{**values, "output": folder.absolute().with_name(values["output"].name)})
    except (KeyError, TypeError, ValueError, AttributeError):
        raise TrainingError(f"{path} is damaged or of another version of gan-style; train anew.") from None
    except TrainingError:
        raise
    except GanStyleError as error:
        raise TrainingError(f"{path} asks for what cannot be: {error}") from None
    if config.folder != folder.absolute():
        raise TrainingError(f"{folder} was called {config.folder.name} when it trained; give it that name again.")
    return config


def same_run_config(config: RunConfig) -> bool:
    """Whether the run in the folder of a plan was begun with the same plan."""
    try:
        return read_run_config(config.folder) == config.absolute()
    except TrainingError:
        return False


def read_recipe(values: dict[str, Any]) -> Recipe:
    """A recipe from what JSON made of it.

    Raises:
        TypeError: something is missing or of another kind.
        GanStyleError: something is out of range.
    """
    values = {FORMER_NAMES.get(name, name): value for name, value in values.items()}
    parts = {name: kind(**as_tuples(values[name])) for name, kind in PARTS.items() if values.get(name) is not None}
    return Recipe(**{**as_tuples(values), **parts})


def as_tuples(values: dict[str, Any]) -> dict[str, Any]:
    """JSON knows lists only."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
