"""Recipes: small named files of settings, each with the reasons beside its numbers.

They lie in the folder ``recipes`` beside this file. A recipe of one's own is such a file anywhere.
"""

import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "recipes"

# What a training follows that names no recipe: by whether it has photographs, and by model.
USUAL = {
    (False, "segnet-basic"): "scenes",
    (False, "segnet"): "scenes-segnet",
    (True, "segnet-basic"): "photographs",
    (True, "segnet"): "photographs-segnet",
}
USUAL_MODEL = "segnet-basic"


def recipe_names() -> list[str]:
    """The recipes of this package.

    Returns
    -------
    names : list of str
    """
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_recipe(name: str, photographs: bool) -> dict[str, Any]:
    """Read the settings of a recipe.

    Parameters
    ----------
    name : str
        One of :func:`recipe_names`, or the path of a ``.toml`` file.
    photographs : bool
        Whether the training has a data folder.

    Returns
    -------
    settings : dict
        By the names of :class:`segnet_np.training.config.Config`.

    Raises
    ------
    FileNotFoundError
        When a file is named that is not there.
    ValueError
        When there is no recipe of the name, the file is no TOML, or the recipe wants photographs and there
        are none.
    """
    own = name.endswith(".toml")
    path = Path(name) if own else FOLDER / f"{name}.toml"
    if not own and name not in recipe_names():
        known = ", ".join(recipe_names())
        raise ValueError(f"--recipe {name}: expected one of {known}, or the path of a .toml file")
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: not a TOML file: {error}") from error
    if "data" in settings:
        raise ValueError(
            f"{path}: a recipe names no data, because that lies elsewhere for others: use --data"
        )
    wanted = settings.pop("photographs", False)
    if not isinstance(wanted, bool):
        raise ValueError(f"{path}: photographs {wanted!r}, expected true or false")
    if wanted and not photographs:
        raise ValueError(f"--recipe {name}: a recipe for photographs, name their folder with --data")
    return settings
