"""``geomvision doctor``: what runs here, what clashes, what is missing and how to get it."""

from __future__ import annotations

import importlib
import importlib.util
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from rich.console import Console

from ..benchmark.machine import describe_machine
from .settings import TASKS, registry

#: Module, the extra that brings it (None: a core dependency), and what it is for.
WANTED = (
    ("numpy", None, "everything"),
    ("scipy", None, "depth and geometry"),
    ("cv2", None, "the OpenCV peers, images"),
    ("jinja2", None, "the report"),
    ("yaml", None, "calibration files"),
    ("torch", "learned", "learned methods"),
    ("safetensors", "learned", "their weights"),
    ("numba", "reference", "readable reference backends"),
    ("poselib", "pose", "the peer of that name"),
    ("open3d", "viewer", "meshes of depth maps"),
    ("skimage", "peers", "the peers of that name"),
    ("torchvision", "torchvision", "RAFT as torchvision has it"),
    ("ptlflow", "ptlflow", "flow by that package's models"),
)
OPENCV = ("opencv-python", "opencv-contrib-python", "opencv-python-headless", "opencv-contrib-python-headless")


def run() -> None:
    """Print everything. Nothing is changed."""
    console = Console(highlight=False)
    machine = describe_machine()
    console.print(f"[bold]machine[/bold]   {machine['cpu']}, {machine['cores']} cores, {machine['system']}")
    console.print(f"[bold]python[/bold]    {machine['python']}")
    console.print(f"[bold]core[/bold]      {core()}", soft_wrap=True)
    console.print(f"[bold]cuda[/bold]      {cuda()}", soft_wrap=True)
    console.print("[bold]packages[/bold]")
    for module, extra, purpose in WANTED:
        found = importlib.util.find_spec(module) is not None
        line = f"{version(module)}" if found else f"missing, needed for {purpose}: {how_to_get(module, extra)}"
        console.print(f"  {'[green]✓[/green]' if found else '[yellow]✗[/yellow]'} {module:12} ", end="")
        console.print(line, markup=False, soft_wrap=True)
    console.print("[bold]methods[/bold]")
    for task in TASKS:
        for name in registry(task):
            console.print(f"  {method_line(task, name)}", soft_wrap=True)
    problems = clashes()
    for problem in problems:
        console.print(f"[red]clash[/red]     {problem}", soft_wrap=True)
    if not problems:
        console.print("[green]no clashes[/green]")


def core() -> str:
    """Version, instruction sets and threads of the C++ core, or how to build it."""
    if importlib.util.find_spec("geomvision._core") is None:
        return "not built: ops run in plain torch, methods as references; a C++17 compiler and pip install . build it"
    module: Any = importlib.import_module("geomvision._core")
    isas = ", ".join(module.available_isas()) if hasattr(module, "available_isas") else "unknown"
    return f"{getattr(module, 'version', '')}, instruction sets {isas}"


def cuda() -> str:
    """Whether the CUDA twins are built and find a GPU, or what to do."""
    if importlib.util.find_spec("geomvision._cuda") is None:
        without = "CUDA tensors are computed in plain torch"
        return (
            f"not built: {without}; with the CUDA toolkit (nvcc on PATH, or CUDAToolkit_ROOT), pip install . builds it"
        )
    module: Any = importlib.import_module("geomvision._cuda")
    count = module.device_count()
    if count == 0:
        return "built; no GPU is found: the driver is missing, or CUDA_VISIBLE_DEVICES hides it (nvidia-smi lists them)"
    if importlib.util.find_spec("torch") is None or not (torch := importlib.import_module("torch")).cuda.is_available():
        return f"built, {count} GPU; torch here is a build without CUDA: pip install torch from the index of your CUDA"
    return f"built, {', '.join(torch.cuda.get_device_name(i) for i in range(count))}"


def method_line(task: str, name: str) -> str:
    """One method: its backends here, and why others are not."""
    method = registry(task)[name]
    missing = [f"{backend.name} {reason}" for backend in method.backends() if (reason := backend.missing())]
    here = method.available_backends()
    mark = "[green]✓[/green]" if here else "[yellow]✗[/yellow]"
    tail = f"  [dim]{'; '.join(missing)}[/dim]".replace("geomvision[", r"geomvision\[") if missing else ""
    return f"{mark} {task}/{name}: {', '.join(here) or 'cannot run'}{tail}"


def version(module: str) -> str:
    """The version an importable module's distribution states."""
    names = {"cv2": OPENCV, "skimage": ("scikit-image",), "yaml": ("pyyaml",)}.get(module, (module,))
    found = [f"{d.name} {d.version}" for d in distributions() if d.name and d.name.lower() in names]
    return ", ".join(sorted(set(found))) or "present, from no known package"


def how_to_get(module: str, extra: str | None) -> str:
    """The command that installs what is missing."""
    return (
        f"pip install 'geomvision[{extra}]'"
        if extra
        else f"pip install {'opencv-contrib-python' if module == 'cv2' else module}"
    )


def clashes(names: list[str] | None = None) -> list[str]:
    """What is installed and cannot live together; `names` are the installed distributions when given."""
    installed = sorted({d.name.lower() for d in distributions() if d.name} if names is None else set(names))
    found = []
    several = [name for name in OPENCV if name in installed]
    if len(several) > 1:
        found.append(
            f"{' and '.join(several)} write the same folder cv2, and the last one wins: "
            f"pip uninstall {' '.join(several)}, then pip install opencv-contrib-python"
        )
    if several and "contrib" not in "".join(several):
        found.append(
            f"{several[0]} lacks ximgproc and optflow, which the WLS filter and TV-L1 need: "
            f"pip uninstall {several[0]}, then pip install opencv-contrib-python"
        )
    copies = [d for d in distributions() if d.name and d.name.lower() == "geomvision"] if names is None else []
    places = {str(Path(str(copy.locate_file(""))).resolve()) for copy in copies}
    if len(places) > 1:
        found.append("geomvision is installed twice: pip uninstall geomvision until none is left, then install one")
    return found
