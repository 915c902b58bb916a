"""The learned stereo methods against the best classical one: accuracy on real scenes, confidence, time and memory.

    python benches/learned_stereo.py [--method fast_stereo] [--scenes FILE] [--out FOLDER]

Accuracy is read from what `benches/scenes.py` wrote (`benches/results/VERSION/stereo.json`); peers are `sgm`, the same
with its gaps filled as KITTI does it, `opencv_wls` and `mccnn_sgm`. A missing estimate is a wrong one. Time and memory
are measured on a rendered pair of 1242x375 pixels with 192 disparities: the whole public call, warmed, the median of
nine. Every demand is printed with its bar: against the peers as they are by default, and with SGM's gaps filled.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from surroundings import describe, slug

import geomvision as gv
from geomvision.timing import measure

HERE = Path(__file__).resolve().parent
PEERS = ("sgm", "opencv_wls", "mccnn_sgm")
FILLED = "sgm, KITTI filling"
#: Method → seconds; megabytes of all.
SECONDS, MEGABYTES = {"fast_stereo": 0.5, "refined_sgm": 0.35}, 1500.0
SIZE, DISPARITIES = (375, 1242), 192
#: Name, the groups of scenes whose title begins so, protocol, figure, and the share of the best peer's to reach.
DEMANDS = (
    ("Middlebury 2001–2014, totbad-2.0, all pixels", "Middlebury 20", "middlebury", "totbad-2.0 all", 0.6),
    ("ETH3D, totbad-1.0, all pixels", "ETH3D", "eth3d", "totbad-1.0 all", 0.7),
    ("KITTI 2012, more than 3 px, noc", "KITTI", "kitti2012", "out-3 noc", 0.7),
)
#: Exposure differs in the first as nothing does in the second; the error may be so many times as large.
EXPOSED, WORSE = (("MotorcycleE", "Motorcycle"), ("ArtL", "Art")), 1.3
SPARSER = 0.5

Results = dict[str, Any]


def figure(record: Results, scenes: Iterable[str], label: str, protocol: str, name: str) -> float:
    """The mean over the scenes; NaN where the method has no such figure."""
    found = [
        row["scores"][protocol][name]
        for scene in scenes
        for row in record["scenes"].get(scene, ())
        if row["label"] == label and row["scores"].get(protocol, {}).get(name) is not None
    ]
    return statistics.fmean(found) if found else float("nan")


def demand(name: str, value: float, bar: float, note: str = "") -> Results:
    return {"demand": name, "value": value, "bar": bar, "pass": bool(value <= bar), "note": note}


def accuracy(record: Results, method: str) -> list[Results]:
    found = []
    for name, title, protocol, wanted, share in DEMANDS:
        scenes = [scene for scene, group in record["groups"].items() if group.startswith(title)]
        ours = figure(record, scenes, method, protocol, wanted)
        for peers, told in ((PEERS, "best peer"), ((*PEERS, FILLED), "best peer, SGM also filled")):
            errors = {peer: figure(record, scenes, peer, protocol, wanted) for peer in peers}
            best = min(errors, key=errors.__getitem__)
            note = f"{ours:.2f} %, {best} {errors[best]:.2f} %, {len(scenes)} scenes"
            found.append(demand(f"{name}: share of the {told}", ours / errors[best], share, note))
    for exposed, usual in EXPOSED:
        pair = [figure(record, [scene], method, "middlebury", "totbad-2.0 all") for scene in (exposed, usual)]
        note = f"{pair[0]:.2f} % and {pair[1]:.2f} %"
        found.append(demand(f"{exposed}: error over that of {usual}", pair[0] / pair[1], WORSE, note))
    areas = record["AUSE"]
    mine, sgm = (statistics.fmean(each[label] for each in areas.values()) for label in (method, "sgm"))
    note = f"{mine:.3f}, sgm {sgm:.3f}"
    return [*found, demand("AUSE, errors over 1 px: share of SGM's", mine / sgm, SPARSER, note)]


def cost(method: str) -> list[Results]:
    pair = gv.datasets.Synthetic(seed=1, height=SIZE[0], width=SIZE[1], max_disparity=DISPARITIES)[0]
    chosen: Callable[[Any, Any], Any] = gv.stereo.METHODS[method](max_disparity=DISPARITIES)
    assert np.isfinite(chosen(pair.left, pair.right).px).all()
    _, timing = measure(lambda: chosen(pair.left, pair.right), repeats=9)
    megabytes = (timing.peak_memory_bytes or 0) / 1e6
    name = f"{SIZE[1]}x{SIZE[0]}, {DISPARITIES} disparities"
    return [
        demand(f"{name}: seconds", timing.median_s, SECONDS[method]),
        demand(f"{name}: peak MB", megabytes, MEGABYTES),
    ]


def page(report: Results) -> str:
    machine = report["machine"]
    lines = ["# Learned stereo: what was demanded", "", f"{machine['cpu']}, {machine['cores']} cores.", ""]
    for method, demands in report["methods"].items():
        lines += [f"## {method}", "", "| | value | at most | | |", "| --- | --- | --- | --- | --- |"]
        for each in demands:
            verdict = "pass" if each["pass"] else "**short**"
            lines.append(f"| {each['demand']} | {each['value']:.2f} | {each['bar']:g} | {verdict} | {each['note']} |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = HERE / "results" / gv.__version__
    parser.add_argument("--method", choices=list(SECONDS), action="append", help="all when left out")
    parser.add_argument("--scenes", type=Path, default=folder / "stereo.json", help="what benches/scenes.py wrote")
    parser.add_argument("--out", type=Path, default=folder)
    given = parser.parse_args()
    record = json.loads(given.scenes.read_text())
    report: Results = {"machine": describe(), "methods": {}}
    for method in given.method or SECONDS:
        report["methods"][method] = [*accuracy(record, method), *cost(method)]
        for each in report["methods"][method]:
            verdict = "pass" if each["pass"] else "FALLS SHORT"
            print(f"{method}, {each['demand']}: {each['value']:.3f}, bar {each['bar']:g}: {verdict}. {each['note']}")
    given.out.mkdir(parents=True, exist_ok=True)
    target = given.out / f"{slug(report['machine'])}-learned-stereo"
    target.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    target.with_suffix(".md").write_text(page(report))
    print(f"wrote {target}.json and .md")


if __name__ == "__main__":
    main()
