"""Every method under every protocol on every real scene, with time and density: `make bench`.

    python benches/scenes.py --data FOLDER [--tasks stereo,flow] [--methods sgm,opencv_wls] [--out FOLDER]

FOLDER holds `stereo/SCENE` and `flow/SCENE` (see `geomvision.datasets.Folder`). Every matcher is given the range an
expert would give it: the data set's ndisp, else the truth's maximum, rounded up to the next multiple of 16. Results go
to `benches/results/VERSION/{stereo,flow}.{md,json}`; losses stay in.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from surroundings import processor_ticks

import geomvision as gv
from geomvision import metrics
from geomvision.benchmark import Row, compare_methods, describe_machine
from geomvision.benchmark.comparison import Comparison
from geomvision.metrics._kitti import filled
from geomvision.results import Disparity
from geomvision.samples import Sample, StereoSample
from geomvision.stereo._based import Based

HERE = Path(__file__).resolve().parent
GROUPS = {
    "Middlebury 2001–03": ("Middlebury 2001", "Middlebury 2003"),
    "Middlebury 2005–06": ("Middlebury 2005", "Middlebury 2006"),
    "Middlebury 2014": ("Middlebury 2014",),
    "ETH3D": ("ETH3D",),
    "KITTI 2012": ("KITTI",),
    "Middlebury flow": ("Middlebury optical flow", "Yosemite"),
    "Sintel": ("MPI-Sintel",),
    "Chairs": ("FlyingChairs",),
}
#: Groups whose scenes are also averaged together.
TOGETHER = {"Middlebury + ETH3D": ("Middlebury 2", "ETH3D", "exposure")}
#: Exposure differs between the two images: reported as a group of its own.
EXPOSURE = ("MotorcycleE", "ArtL")


def group_of(folder: Path) -> str:
    """The table's group of a scene folder, from its meta data."""
    if folder.name in EXPOSURE:
        return "exposure change"
    source = json.loads((folder / "meta.json").read_text())["source_dataset"]
    for group, prefixes in GROUPS.items():
        if source.startswith(prefixes):
            return group
    return source


def expert_range(sample: StereoSample) -> int:
    """Number of disparities to search: ndisp, else the truth's maximum, up to the next multiple of 16."""
    known = sample.max_disparity or float(np.nanmax(sample.disparity.px)) + 1
    return math.ceil(known / 16) * 16


def methods_for(task: str, names: Sequence[str], sample: Sample) -> list[gv.method.Method]:
    """The named methods, or all that run here by themselves: with what ships, and on no other method's answer."""
    registry = getattr(gv, task).METHODS
    able = (name for name, kind in registry.items() if kind.available_backends() and not issubclass(kind, Based))
    chosen = []
    for name in names or able:
        kind = registry[name]
        options = {"max_disparity": expert_range(sample)} if "max_disparity" in kind.option_limits() else {}
        chosen.append(kind(**options))
    return [method for method in chosen if names or not method.refusal("torch")]


def run(task: str, data: Path, names: Sequence[str], repeats: int) -> dict[str, Comparison]:
    """One comparison for each scene (options depend on it), by scene name."""
    done = {}
    for sample in gv.datasets.Folder(data, task=task):
        print(f"{task} {sample.name}", flush=True)
        methods = methods_for(task, names, sample)
        comparison = compare_methods(methods, sample, repeats=repeats, progress=False, force=True)
        rows = [replace(row, label=row.method.name()) for row in comparison.rows]
        for row in rows:
            print(f"  {row.label:18} {row.error or summary(row)}", flush=True)
        if task == "stereo":
            rows += equal_density(rows, sample)
        done[sample.name] = replace(comparison, rows=tuple(rows))
    return done


def summary(row: Row) -> str:
    text = ""
    for name, score in row.scores.items():
        figure = metrics.PROTOCOLS[name]().headline(score)
        text += f"  {name} {score[figure].value:.2f}"
    return f"{1e3 * row.timing.median_s:8.1f} ms  density {100 * row.density:5.1f} %  {text}"


def equal_density(rows: Iterable[Row], sample: StereoSample) -> list[Row]:
    """`sgm` and its OpenCV peer, with and without the peer's left–right check, at equal density in two ways.

    Filled: every gap takes what KITTI's filling gives it, or SGM's own ones. Thinned: `sgm`, filled from eight
    directions, loses its least confident pixels until it has as many as the peer.
    """
    found = {row.label: row for row in rows if row.error is None}
    if not {"sgm", "opencv_sgbm"} <= set(found):
        return []
    ours, peer = found["sgm"], found["opencv_sgbm"]
    dense = ours.method.with_options(fill="background").on(sample)
    by_rows = ours.method.with_options(fill="row").on(sample)
    derived = {"sgm, own filling": (ours, dense), "sgm, filling from rows": (ours, by_rows)}
    derived |= {"sgm, KITTI filling": (ours, Disparity(px=filled(ours.estimate.px)))}
    unchecked = peer.method.with_options(left_right=-1).on(sample)
    for label, estimate in (("opencv_sgbm", peer.estimate), ("opencv_sgbm unchecked", unchecked)):
        derived |= {
            label: (peer, estimate),
            f"{label}, KITTI filling": (peer, Disparity(px=filled(estimate.px))),
            f"sgm at the density of {label}": (ours, thinned(dense, estimate.density)),
        }
    del derived["opencv_sgbm"]
    extra = []
    for label, (origin, estimate) in derived.items():
        scores = metrics.score(estimate, sample, list(origin.scores))
        extra.append(
            replace(origin, label=label, scores=scores, estimate=estimate, density=estimate.density, timing=None)
        )
    return extra


def thinned(dense: Disparity, density: float) -> Disparity:
    """The most confident pixels of a dense estimate, as many as `density` says."""
    rank = np.argsort(np.argsort(dense.confidence, axis=None, kind="stable")).reshape(dense.px.shape)
    return Disparity(px=np.where(rank >= dense.px.size - round(density * dense.px.size), dense.px, np.nan))


def shown(figure: float, digits: int) -> str:
    return "–" if math.isnan(figure) else f"{figure:.{digits}f}"


def mean(values: Iterable[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def stolen_since(before: tuple[int, int]) -> str:
    """What times are worth: the share of processor time that the host of this machine gave to others meanwhile."""
    had, stolen = (now - then for now, then in zip(processor_ticks(), before, strict=True))
    share = stolen / max(1, had + stolen)
    return f"While this ran, {100 * share:.0f} % of the processor time that was wanted went to other machines."


def table(task: str, done: dict[str, Comparison], groups: dict[str, str], note: str) -> str:
    """Markdown: per protocol and group the mean over scenes, then every scene under the primary figure."""
    labels = list(dict.fromkeys(row.label for c in done.values() for row in c.rows))
    columns = column_scenes(task, groups)
    lines = [f"# {task}: all methods on {len(done)} real scenes", "", machine_line(), note, ""]
    for name, protocol in metrics.for_task(task).items():
        figures = dict.fromkeys(f for c in done.values() for r in c.rows for f in r.scores.get(name, {}))
        for figure in (f for f in figures if f != "density"):
            lines += [f"## {name}: {figure}", ""] if figure == protocol.primary else [f"### {name}: {figure}", ""]
            lines += [f"Missing estimates: {protocol.missing_estimates}.", ""] if figure == protocol.primary else []
            lines += ["| method | " + " | ".join(columns) + " |", "| --- |" + " --- |" * len(columns)]
            for label in labels:
                cells = (mean(value(done[s], label, name, figure) for s in scenes) for scenes in columns.values())
                lines.append(f"| {label} | " + " | ".join(shown(cell, 2) for cell in cells) + " |")
            lines.append("")
    lines += confidence_table(done, labels, columns)
    return "\n".join([*lines, *cost_table(done, labels), *scene_table(task, done, labels)]) + "\n"


def column_scenes(task: str, groups: dict[str, str]) -> dict[str, list[str]]:
    """Column title → scenes averaged in it."""
    columns = {group: [s for s in groups if groups[s] == group] for group in dict.fromkeys(groups.values())}
    if task == "stereo":
        for title, prefixes in TOGETHER.items():
            columns[title] = [s for s in groups if groups[s].startswith(prefixes)]
    return {**columns, "all scenes": list(groups)}


def value(comparison: Comparison, label: str, protocol: str, figure: str) -> float:
    for row in comparison.of(label):
        if figure in row.scores.get(protocol, {}):
            return row.scores[protocol][figure].value
    return math.nan


def confidence_table(done: dict[str, Comparison], labels: Sequence[str], columns: dict[str, list[str]]) -> list[str]:
    """What confidence is worth: the normalised area under the sparsification error, of the methods that have one."""
    lines = ["## Confidence: AUSE, errors over 1 px", "", "0: it sorts as the truth would; 1: about chance.", ""]
    lines += ["| method | " + " | ".join(columns) + " |", "| --- |" + " --- |" * len(columns)]
    for label in labels:
        areas = {scene: confidence_area(comparison, label) for scene, comparison in done.items()}
        cells = [mean(areas[scene] for scene in scenes) for scenes in columns.values()]
        if not all(map(math.isnan, cells)):
            lines.append(f"| {label} | " + " | ".join(shown(cell, 3) for cell in cells) + " |")
    return [*lines, ""]


def confidence_area(comparison: Comparison, label: str) -> float:
    for row in comparison.of(label):
        if getattr(row.estimate, "confidence", None) is not None:
            return metrics.sparsification(row.estimate, comparison.samples[0], threshold=1.0).normalised_area
    return math.nan


def cost_table(done: dict[str, Comparison], labels: Sequence[str]) -> list[str]:
    lines = [
        "## Time, memory, density",
        "",
        "| method | median ms | peak MB | density % |",
        "| --- | --- | --- | --- |",
    ]
    for label in labels:
        rows = [row for c in done.values() for row in c.of(label) if row.error is None]
        times = [1e3 * row.timing.median_s for row in rows if row.timing is not None]
        peaks = [row.timing.peak_memory_bytes or math.nan for row in rows if row.timing is not None]
        cells = (float(np.median(times)) if times else math.nan, mean(peaks) / 1e6, 100 * mean(r.density for r in rows))
        lines.append(f"| {label} | " + " | ".join(shown(cell, 1) for cell in cells) + " |")
    return [*lines, ""]


def scene_table(task: str, done: dict[str, Comparison], labels: Sequence[str]) -> list[str]:
    protocol, figure = {"stereo": ("middlebury", "totbad-2.0 all"), "flow": ("middlebury_flow", "EPE")}[task]
    lines = [f"## Every scene: {protocol} {figure}", "", "| scene | " + " | ".join(labels) + " |"]
    lines.append("| --- |" + " --- |" * len(labels))
    for name, comparison in done.items():
        cells = (shown(value(comparison, label, protocol, figure), 2) for label in labels)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def machine_line() -> str:
    machine = describe_machine()
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    return f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}; {packages}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    parser.add_argument("--tasks", default="stereo,flow")
    parser.add_argument("--methods", default="", help="names, separated by commas; all when empty")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE / "results" / gv.__version__)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for task in arguments.tasks.split(","):
        names = [name for name in arguments.methods.split(",") if name]
        before = processor_ticks()
        done = run(task, arguments.data, names, arguments.repeats)
        groups = {name: group_of(arguments.data / task / name) for name in done}
        (arguments.out / f"{task}.md").write_text(table(task, done, groups, stolen_since(before)))
        record = {name: comparison.to_dict()["rows"] for name, comparison in done.items()}
        areas = {name: {row.label: confidence_area(one, row.label) for row in one.rows} for name, one in done.items()}
        areas = {name: {label: a for label, a in each.items() if not math.isnan(a)} for name, each in areas.items()}
        text = json.dumps({"machine": describe_machine(), "groups": groups, "scenes": record, "AUSE": areas})
        (arguments.out / f"{task}.json").write_text(text + "\n")
        print(f"wrote {arguments.out / task}.md and .json")


if __name__ == "__main__":
    main()
