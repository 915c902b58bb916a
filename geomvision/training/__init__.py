"""Training the nets that ship: ``run("stereo/refined_sgm")`` renders, trains and writes weights with their card.

A recipe (`recipes/*.toml`) decides the result; an interrupted training goes on where it stopped and ends with the
same weights as one that was not interrupted, whatever the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ADAPTABLE", "TRAININGS", "Outcome", "run"]

#: What can be trained: the method, and the module that holds its task.
TRAININGS = (
    *("stereo/mccnn_sgm", "stereo/refined_sgm", "stereo/fast_stereo", "flow/raft_s", "flow/pwc_small"),
    "flow/refined",
    *("stereo/unet", "stereo/dispnet", "stereo/dispnet_c", "stereo/edge_stereo"),
    *("stereo/psmnet", "stereo/gwcnet", "stereo/anynet", "stereo/raft_stereo"),
    *("depth/mono_small", "depth/eigen", "depth/fcrn", "depth/dorn", "depth/fast_depth", "depth/dpt_small"),
    *("depth/metric_bins", "depth/monodepth", "depth/monodepth2", "depth/packnet"),
)

#: What can go on learning from images without truth.
ADAPTABLE = (
    "stereo/refined_sgm",
    "stereo/fast_stereo",
    "stereo/raft_stereo",
    "stereo/psmnet",
    "stereo/gwcnet",
    "stereo/anynet",
    "stereo/dispnet",
    "stereo/dispnet_c",
    "stereo/edge_stereo",
    "stereo/unet",
    "flow/raft_s",
    "flow/pwc_small",
    "depth/monodepth2",
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Where a training stands: `weights` is None until the last step is done."""

    folder: Path
    step: int
    steps: int
    weights: Path | None
    scores: dict[str, float]


def run(
    name: str,
    *,
    out: str | Path | None = None,
    resume: bool = True,
    size: str = "cpu",
    steps: int | None = None,
    minutes: float | None = None,
    num_threads: int = 0,
    progress: bool = True,
    recipe: str | Path | None = None,
    device: str = "cpu",
    scenes: str | Path | None = None,
    adapt: str | Path | None = None,
    right: str | Path | None = None,
    weights: str | Path | None = None,
    camera: Any = None,
) -> Outcome:
    """Train a method's net.

    Args:
        name: one of `TRAININGS`, such as "stereo/refined_sgm" (or its last part); with `adapt`, of `ADAPTABLE`.
        out: folder for scenes, checkpoint, curves and weights; else ``out/training/<method>``, or ``<method>_adapted``.
        resume: go on from the checkpoint in `out`; False starts anew (rendered scenes are kept).
        size: table of the recipe: "cpu", "tiny", of many nets "gpu", for what starts from `weights` "further".
        steps: instead of the recipe's; the learning rate is planned for this many.
        minutes: stop after this long, with a checkpoint; call again to go on.
        num_threads, progress: 0 takes every core, weights do not depend on it; whether a bar is shown.
        recipe: a TOML file of one's own in place of the package's.
        device: "cpu", or "cuda" (not for mccnn_sgm, nor to adapt stereo). Processes of ``torchrun`` share each batch.
        scenes: folder of real flow scenes with truth (`datasets.Folder`) to validate on, too; never learnt from.
        adapt, right: to learn from without truth: a video or folder of frames (or of a rig's folders of them, for
            depth); or folders of left, right images.
        weights: what flow, or any net with `adapt`, starts from: name or path; there the shipped, for depth none.
        camera: of depth with `adapt`: a camera, rig or Kalibr chain, a calibration file, "fx,fy,cx,cy", or "learned".

    Raises:
        ValueError: for a name, size or number that is not allowed, or a checkpoint of another recipe.
        ModuleNotFoundError: without torch (``pip install 'geomvision[learned]'``).
    """
    method = _method(name, TRAININGS if adapt is None else ADAPTABLE)
    for what, value in (("steps", steps), ("minutes", minutes)):
        if value is not None and value <= 0:
            raise ValueError(f"{what} is {value}; it must be above 0")
    order, train = _running()
    folder = Path(out) if out is not None else Path("out") / "training" / (method + "_adapted" * (adapt is not None))
    plan = {"size": size, "steps": steps, "minutes": minutes, "num_threads": num_threads, "progress": progress}
    paths = {"recipe": recipe, "scenes": scenes, "adapt": adapt, "right": right}
    return train(  # type: ignore[no-any-return]
        order(
            method=method,
            folder=folder,
            resume=resume,
            device=device,
            weights=None if weights is None else str(weights),
            camera=camera,
            **plan,
            **{what: None if path is None else Path(path) for what, path in paths.items()},
        )
    )


def _method(name: str, allowed: tuple[str, ...]) -> str:
    known = {training.rpartition("/")[2]: training for training in allowed}
    method = name.rpartition("/")[2]
    if method not in known or name not in (method, known[method]):
        where = " without truth (adapt)" if allowed is ADAPTABLE else ""
        raise ValueError(f"nothing to train is called {name!r}{where}; there is {', '.join(allowed)}")
    return method


def _running() -> tuple[Any, Any]:
    try:
        from ._run import Order, train
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"training needs {error.name}: pip install 'geomvision[learned]'") from None
    return Order, train
