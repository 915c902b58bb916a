"""`flow/refined` against the methods that it refines, one or several, on pairs never learnt from and on real scenes.

    python benches/refined_flow.py --data FOLDER [--pairs 24] [--weights FILE] [--out FOLDER]

FOLDER holds `flow/SCENE` (see `geomvision.datasets.Folder`). Pairs are of `datasets.Layered` and rendered scenes, of
seeds and a size that the training did not have. The figure is the mean end-point error over known pixels of at most 80
pixels of motion (drawn pairs) or all (real ones), averaged over the scenes; the best single answer is the smallest
mean over the scenes of one method.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scenes import HERE, machine_line, mean

import geomvision as gv
from geomvision.flow.refined import Refined, completed
from geomvision.trace import NoTrace
from geomvision.training._flow_answers import AnsweredPairs, render

#: The base, and what is asked beside it.
CHOICES = (
    ("inverse_search", "tvl1, pwc_small, opencv_dis"),
    ("inverse_search", "tvl1, pwc_small"),
    ("inverse_search", "tvl1"),
    ("inverse_search", ""),
    ("tvl1", ""),
    ("pwc_small", ""),
    ("opencv_dis", ""),
    ("opencv_deepflow", ""),
)
Scene = tuple[str, NDArray[Any], NDArray[Any], NDArray[Any]]
#: Errors of the base, of the best of all answers, and of what is made of them.
Cell = tuple[float, float, float]
DRAWN: dict[str, Any] = {"height": 384, "width": 512, "seed": 90_210, "motion": (0.3, 60.0), "pieces": (2, 14)}


def drawn_pairs(count: int, rendered: bool) -> Iterable[Scene]:
    recipe = AnsweredPairs(
        **DRAWN, rendered_share=float(rendered), rendered_motion=(1.0, 30.0), bases=("inverse_search",)
    )
    for index in range(count):
        made = render(recipe, index)
        truth = made["flow"].astype(np.float32)
        truth[np.hypot(*np.moveaxis(truth, 2, 0)) >= 80] = np.nan
        yield f"{'rendered' if rendered else 'layered'} {index}", made["frame0"], made["frame1"], truth


def real_scenes(data: Path) -> Iterable[Scene]:
    for sample in gv.datasets.Folder(data, task="flow"):
        assert sample.flow is not None
        yield sample.name, sample.frame0, sample.frame1, sample.flow.px


def epe(px: NDArray[Any], truth: NDArray[Any]) -> float:
    return float(np.nanmean(np.hypot(*np.moveaxis(px - truth, 2, 0))))


def cells(scene: Scene, weights: str, threads: int) -> dict[tuple[str, str], dict[str, float]]:
    """Errors by the base and what is beside it: of each answer, and of what is made of them."""
    _, frame0, frame1, truth = scene
    names = {name for base, others in CHOICES for name in (base, *filter(None, others.split(", ")))}
    methods: dict[str, Any] = {name: gv.flow.METHODS[name](num_threads=threads) for name in names}
    answers = {name: method(frame0, frame1).px for name, method in methods.items()}
    found: dict[tuple[str, str], dict[str, float]] = {}
    for base, others in CHOICES:
        method = Refined(base=base, others=others, weights=weights, num_threads=threads)
        asked = [one.name() for one in method.methods()]
        back = np.nan_to_num(method.methods()[0](frame1, frame0).px)
        made = method.sharpened(completed([answers[name] for name in asked]), back, (frame0, frame1), NoTrace())
        found[base, others] = {name: epe(answers[name], truth) for name in asked} | {"refined": epe(made.px, truth)}
    return found


def row(title: str, done: Sequence[dict[str, float]]) -> str:
    means = {name: mean(one[name] for one in done) for name in done[0]}
    refined = means.pop("refined")
    best = min(means, key=lambda name: means[name])
    worse = sum(one["refined"] > one[best] for one in done)
    text = f"| {title} | {len(done)} | {means[next(iter(means))]:.3f} | {best} {means[best]:.3f} | {refined:.3f} "
    return text + f"| {refined / means[best]:.2f} | {worse} |"


def table(groups: dict[str, dict[str, Any]], weights: str) -> str:
    lines = [
        "# flow/refined: one net on any bases",
        "",
        machine_line(),
        "",
        f"Mean end-point errors; weights {weights!r}.",
    ]
    for group, done in groups.items():
        lines += [
            "",
            f"## {group}",
            "",
            "| base, beside | scenes | base | best answer | refined | ratio | scenes worse |",
        ]
        lines.append("| --- |" + " --- |" * 6)
        for base, others in CHOICES:
            title = f"{base}; {others or 'alone'}"
            lines.append(row(title, [one[base, others] for one in done.values()]))
        if group == "real scenes":
            lines += ["", f"### Each, by {CHOICES[0][0]}; {CHOICES[0][1]}", ""]
            names = list(next(iter(done.values()))[CHOICES[0]])
            lines += ["| scene | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
            for scene, found in done.items():
                lines.append(f"| {scene} | " + " | ".join(f"{found[CHOICES[0]][name]:.3f}" for name in names) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--weights", default="refined_flow")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE / "results" / gv.__version__)
    arguments = parser.parse_args()
    sources = {
        "layered pairs": drawn_pairs(arguments.pairs, rendered=False),
        "rendered scenes": drawn_pairs(arguments.pairs, rendered=True),
        "real scenes": real_scenes(arguments.data),
    }
    groups: dict[str, dict[str, Any]] = {}
    for group, source in sources.items():
        groups[group] = {}
        for scene in source:
            groups[group][scene[0]] = cells(scene, arguments.weights, arguments.threads)
            print(scene[0], {name: round(e, 3) for name, e in groups[group][scene[0]][CHOICES[0]].items()}, flush=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "refined_flow.md").write_text(table(groups, arguments.weights))
    print(f"wrote {arguments.out / 'refined_flow.md'}")


if __name__ == "__main__":
    main()
