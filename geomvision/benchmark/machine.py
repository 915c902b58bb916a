"""What ran the benchmark: processor, cores, system and versions; never who or where."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

#: Distributions whose versions can change a result.
PACKAGES = ("geomvision", "numpy", "scipy", "opencv-contrib-python", "numba", "torch", "safetensors")


def cpu_name() -> str:
    """The processor's name as the system gives it."""
    description = Path("/proc/cpuinfo")
    if description.exists():
        for line in description.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Logical cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def installed(package: str) -> str | None:
    """Version of an installed distribution, None when it is absent; nothing is imported."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def describe_machine() -> dict[str, Any]:
    """Processor, cores, system, Python and package versions, ready for JSON."""
    core = importlib.util.find_spec("geomvision._core")
    isa = importlib.import_module("geomvision._core").active_isa() if core is not None else None
    packages = {name: found for name in PACKAGES if (found := installed(name)) is not None}
    return {
        "cpu": cpu_name(),
        "cores": cores(),
        "instruction_set": isa,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": packages,
    }
