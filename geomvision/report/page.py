"""The report: one HTML file that opens offline, from any number of comparisons."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import jinja2
import numpy as np

from ..benchmark.comparison import Comparison
from ..benchmark.machine import describe_machine
from ..method import Method
from ..results import Disparity, Flow, RelativeDepth, SceneFlow
from ..samples import DepthSample, FlowSample, PointsSample, PoseSample, SceneFlowSample, StereoSample
from . import surfaces
from .maps import color_table, encode_image, encode_map, encode_mask
from .relative import alignment_told, depth_maps
from .surfaces import Surface
from .tables import failures, full_table, summary_table
from .tasks import SHOWN

#: Map pixels one report may carry; beyond, every second (third, …) pixel is shown.
PIXEL_BUDGET = 10_000_000
Pictured = StereoSample | FlowSample | DepthSample | SceneFlowSample
SCRIPTS = ("decode.js", "layers.js", "curve.js", "compare.js", "space.js", "cloud.js", "surface.js", "main.js")


def render(comparisons: list[Comparison], title: str, shapes: Sequence[Surface] = ()) -> str:
    """The page as text."""
    here = files(__package__).joinpath("web")
    stride = _stride(comparisons)
    encoded = [surfaces.shown(shape) for shape in shapes]
    data = {
        "colors": {"value": color_table("TURBO"), "error": color_table("MAGMA")},
        "samples": [_sample(comparison, sample, stride) for comparison in comparisons for sample in _seen(comparison)],
        "surfaces": [data for data, _ in encoded],
    }
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(here.joinpath("page.html").read_text(encoding="utf-8"))
    return template.render(
        title=title,
        comparisons=[_section(comparison) for comparison in comparisons],
        surfaces=[
            {
                "name": shape.name,
                "facts": facts,
                "cameras": shape.camera is not None,
                "pictures": surfaces.pictures(shape),
            }
            for shape, (_, facts) in zip(shapes, encoded, strict=True)
        ],
        machine=comparisons[0].machine if comparisons else describe_machine(),
        stride=stride,
        style=here.joinpath("style.css").read_text(encoding="utf-8"),
        script="\n".join(here.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS),
        data=json.dumps(data, allow_nan=False).replace("<", "\\u003c"),
    )


def _stride(comparisons: list[Comparison]) -> int:
    total = 0
    for comparison in comparisons:
        sizes = {sample.name: int(np.prod(_first_image(sample).shape[:2])) for sample in _seen(comparison)}
        total += sum(SHOWN[comparison.task].planes * size * (len(comparison.labels) + 1) for size in sizes.values())
    return max(1, int(np.ceil(np.sqrt(total / PIXEL_BUDGET))))


def _seen(comparison: Comparison) -> list[Pictured]:
    """The samples of which there are maps; clouds and two views of a pose are in the tables alone."""
    return [sample for sample in comparison.samples if not isinstance(sample, PointsSample | PoseSample)]


def _section(comparison: Comparison) -> dict[str, Any]:
    """What the template prints of one comparison."""
    options = []
    for label in comparison.labels:
        methods = [row.method for row in comparison.of(label)]
        method = methods[0]
        defaults = {name: field.default for name, field in type(method).__dataclass_fields__.items()}
        limits = method.option_limits()
        lines = [
            {"name": name, "value": _shared(methods, name), "limits": limits[name], "changed": value != defaults[name]}
            for name, value in method.options().items()
            if name in limits
        ]
        doc = (type(method).__doc__ or "").strip().partition("\n")[0]
        options.append({"label": label, "doc": doc, "lines": lines})
    return {
        "task": comparison.task,
        "samples": [
            {"name": s.name, "facts": _facts(comparison, s), "cloud": _cloud_note(comparison, s)}
            for s in _seen(comparison)
        ],
        "shown": SHOWN[comparison.task],
        "table": summary_table(comparison),
        "details": [full_table(comparison, protocol) for protocol in comparison.protocols],
        "protocols": comparison.protocols,
        "rules": _rules(comparison),
        "failures": failures(comparison),
        "warnings": comparison.warnings,
        "notes": comparison.notes,
        "options": options,
    }


def _shared(methods: list[Method], option: str) -> Any:
    """The option's value, or all of them where it was fitted to each sample."""
    values = list(dict.fromkeys(getattr(method, option) for method in methods))
    return values[0] if len(values) == 1 else ", ".join(map(str, values))


def _rules(comparison: Comparison) -> list[tuple[str, str]]:
    """How missing estimates count; protocols with the same rule share a line."""
    rules: dict[str, list[str]] = {}
    for protocol in comparison.protocols:
        rules.setdefault(protocol.missing_estimates, []).append(protocol.name)
    return [(", ".join(names), rule) for rule, names in rules.items()]


def _facts(comparison: Comparison, sample: Pictured) -> list[str]:
    """What the measured look at the pair found, in words."""
    image = _first_image(sample)
    facts = [f"{image.shape[1]} × {image.shape[0]} px, {'colour' if image.ndim == 3 else 'grey'}, {image.dtype}"]
    if isinstance(sample, DepthSample) and sample.depth is not None:
        relative = [row for row in comparison.rows if isinstance(row.estimate, RelativeDepth)]
        own = [row for row in relative if row.sample == sample.name]
        facts += [f"{row.label}: shown {alignment_told(row.estimate, sample.depth)}" for row in own]
    report = comparison.inspections.get(sample.name)
    if report is None:
        return facts
    if report.vertical_abs_px is not None:
        facts.append(f"vertical offset {report.vertical_abs_px:.2f} px (median over {report.matches} feature matches)")
    if report.exposure_gain is not None and report.exposure_bias is not None:
        facts.append(f"exposure: right ≈ {report.exposure_gain:.2f} · left {report.exposure_bias:+.2f}")
    if report.disparity_px is not None:
        low, middle, high = report.disparity_px
        facts.append(f"measured disparity {low:.0f} … {middle:.0f} … {high:.0f} px (1, 50, 99 %)")
    return [*facts, *report.notes]


def _first_image(sample: Pictured) -> Any:
    if isinstance(sample, StereoSample):
        return sample.left
    if isinstance(sample, SceneFlowSample):
        return sample.left0
    return sample.frame0 if isinstance(sample, FlowSample) else sample.image


def _sample(comparison: Comparison, sample: Pictured, stride: int) -> dict[str, Any]:
    """What the viewer needs of one sample: images, truth, occlusion, every method's map, the camera."""
    shown = SHOWN[comparison.task]
    truth, unit = _truth(sample), shown.unit
    rows = [row for row in comparison.rows if row.sample == sample.name and row.estimate is not None]
    if isinstance(sample, DepthSample):
        drawn, unit = depth_maps(sample, rows)
    else:
        drawn = {row.label: _values(row.estimate) for row in rows}
    maps = {label: values[::stride, ::stride] for label, values in drawn.items()}
    known = None if truth is None else _values(truth)[::stride, ::stride]
    occluded = None if isinstance(sample, DepthSample) else sample.occluded
    low, high = value_range(known, list(maps.values()))
    height, width = _first_image(sample).shape[:2]
    return {
        "name": sample.name,
        "task": comparison.task,
        "kind": shown.kind,
        "unit": unit,
        "errorUnit": shown.error_unit,
        "width": -(-width // stride),
        "height": -(-height // stride),
        "stride": stride,
        "images": [{"label": name, "src": encode_image(image[::stride, ::stride])} for name, image in _images(sample)],
        "truth": None if known is None else encode_map(known, unit, shown.finest),
        "occluded": None if occluded is None else encode_mask(occluded[::stride, ::stride]),
        "maps": [{"label": label, **encode_map(values, unit, shown.finest)} for label, values in maps.items()],
        "range": [low, high],
        "errorCap": error_cap(known, list(maps.values()), shown.caps, shown.error_unit == "%"),
        "camera": _camera(sample),
    }


def _images(sample: Pictured) -> list[tuple[str, Any]]:
    if isinstance(sample, StereoSample):
        return [("left image", sample.left), ("right image", sample.right)]
    if isinstance(sample, FlowSample):
        return [("frame 0", sample.frame0), ("frame 1", sample.frame1)]
    if isinstance(sample, SceneFlowSample):
        images = (sample.left0, sample.right0, sample.left1, sample.right1)
        return list(zip(("left 0", "right 0", "left 1", "right 1"), images, strict=True))
    return [("image", sample.image)]


def _truth(sample: Pictured) -> Any:
    if isinstance(sample, StereoSample):
        return sample.disparity
    if isinstance(sample, SceneFlowSample):
        return sample.truth
    return sample.flow if isinstance(sample, FlowSample) else sample.depth


def _values(estimate: Any) -> Any:
    """The array to show of what is in its task's unit."""
    if isinstance(estimate, Disparity | Flow):
        return estimate.px
    if isinstance(estimate, SceneFlow):
        return estimate.motion
    return estimate.m


def value_range(truth: Any, maps: list[Any]) -> tuple[float, float]:
    """The shared colour scale: where nearly all of the truth lies, or of the estimates without truth."""
    shown = [truth] if truth is not None else maps
    lengths = [np.linalg.norm(m, axis=2) if m.ndim == 3 else m for m in shown]
    values = np.concatenate([m[np.isfinite(m)] for m in lengths]) if lengths else np.zeros(0)
    if values.size == 0:
        return 0.0, 1.0
    flow = shown[0].ndim == 3
    low, high = (float(v) for v in np.percentile(values, (0.5, 95.0 if flow else 99.5)))
    low = 0.0 if flow else low
    return low, high if high > low else low + 1.0


def error_cap(truth: Any, maps: list[Any], caps: tuple[float, ...], relative: bool = False) -> float:
    """Where the error scale ends at first: of `caps` the one nearest to the middling method's 90th percentile."""
    ninety = []
    for values in maps if truth is not None else []:
        difference = np.abs(values - truth)
        error = np.linalg.norm(difference, axis=2) if difference.ndim == 3 else difference
        if relative:
            error = 100 * error / truth
        if np.isfinite(error).any():
            ninety.append(float(np.nanpercentile(error, 90)))
    wanted = float(np.median(ninety)) if ninety else caps[2]
    return min(caps, key=lambda cap: abs(float(np.log(cap / max(wanted, 1e-3)))))


def _cloud_note(comparison: Comparison, sample: Pictured) -> str:
    if isinstance(sample, DepthSample) and any(row.kind for row in comparison.rows if row.sample == sample.name):
        return (
            "Drag turns, wheel zooms. Relative depth has no metres of its own: it is aligned to what its layer says; "
            "where nothing is in metres it is stretched to 1 … 10, and the shape is a guess."
        )
    if (isinstance(sample, StereoSample) and sample.rig is None) or getattr(sample, "camera", sample) is None:
        return (
            "No calibration was given: focal length taken as the image width, so the shape is right only up to scale."
        )
    return "Drag turns, wheel zooms. Metres by the calibration that was given."


def _camera(sample: Pictured) -> dict[str, float] | None:
    """Intrinsics, and baseline and doffs where disparities are to become depth."""
    if isinstance(sample, StereoSample) and sample.rig is not None:
        rig, camera = sample.rig, sample.rig.left
        pair = {"baseline": rig.baseline_m, "doffs": rig.doffs_px}
    elif isinstance(sample, DepthSample) and sample.camera is not None:
        camera, pair = sample.camera, {}
    else:
        return None
    return {"fx": camera.fx, "fy": camera.fy, "cx": camera.cx, "cy": camera.cy, **pair}
