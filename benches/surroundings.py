"""What a table was measured on: the machine, its limits, and the builds of the peers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from geomvision.benchmark import describe_machine

REPOSITORY = Path(__file__).resolve().parents[1]
LIMITS = REPOSITORY / "build" / "benches" / "benches" / "limits" / "geomvision_limits"


def processor_ticks() -> tuple[int, int]:
    """Ticks of processor time since the start that this machine's programs had, and that its host gave to others.

    Both 0 where the system does not tell (not Linux).
    """
    try:
        first = Path("/proc/stat").read_text().split("\n", 1)[0]
    except FileNotFoundError:
        return 0, 0
    user, nice, system, _idle, _waiting, hard, soft, stolen = map(int, first.split()[1:9])
    return user + nice + system + hard + soft, stolen


def build_limits() -> Path:
    """Build `benches/limits`, unless it is newer than its sources; the path of the program."""
    sources = (Path(__file__).parent / "limits").iterdir()
    if not LIMITS.exists() or LIMITS.stat().st_mtime < max(source.stat().st_mtime for source in sources):
        build = REPOSITORY / "build" / "benches"
        beside_python = str(Path(sys.executable).parent)
        cmake = shutil.which("cmake", path=os.pathsep.join((beside_python, os.environ.get("PATH", ""))))
        if cmake is None:
            raise RuntimeError("benches/limits needs cmake: pip install cmake")
        commands = (
            [cmake, "-S", str(REPOSITORY), "-B", str(build), "-DGEOMVISION_BENCHES=ON"],
            [cmake, "--build", str(build), "--target", "geomvision_limits", "--parallel"],
        )
        for command in commands:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return LIMITS


def measure_limits(seconds: float = 0.25) -> dict[str, Any]:
    """Limits of this machine on 1 and on all threads, by instruction set: GB/s, GFLOP/s, G lanes/s, G pairs/s."""
    done = subprocess.run([build_limits(), str(seconds)], check=True, capture_output=True, text=True)
    limits: dict[str, Any] = json.loads(done.stdout)
    return limits


def best_rates(limits: dict[str, Any], threads: int) -> dict[str, float]:
    """The largest rate over instruction sets for `threads` threads; between 1 and all it is 1's, times threads."""
    found: dict[str, float] = {}
    for numbers in limits["instruction_sets"].values():
        known = str(threads) in numbers
        for name, rate in numbers[str(threads) if known else "1"].items():
            found[name] = max(found.get(name, 0.0), rate if known else rate * threads)
    return found


def scaling_now(threads: int) -> float:
    """How many times faster than one `threads` threads add bytes just now: virtual cores are not always whole ones."""
    limits = measure_limits(0.02)
    return best_rates(limits, threads)["lanes8_gops"] / best_rates(limits, 1)["lanes8_gops"]


def opencv_build() -> dict[str, Any]:
    """OpenCV's version, where it was loaded from is not told; its baseline and dispatched instruction sets."""
    import cv2

    text = cv2.getBuildInformation()
    found = {"version": cv2.__version__}
    for key, title in (("baseline", "Baseline"), ("dispatched", "Dispatched code generation"), ("ipp", "Intel IPP")):
        match = re.search(rf"^\s*{title}:\s*(.*)$", text, re.MULTILINE)
        found[key] = match.group(1).strip() if match else ""
    found["contrib"] = hasattr(cv2, "ximgproc") and hasattr(cv2, "optflow")
    return found


def opencv_has_avx2(build: dict[str, Any]) -> bool:
    """Whether all of this OpenCV, its stereo matchers among it, was compiled for AVX2."""
    return "AVX2" in build["baseline"].split()


def describe() -> dict[str, Any]:
    """Machine, builds of the peers, load when it began."""
    machine = describe_machine()
    machine["opencv"] = opencv_build()
    try:
        import torch

        machine["torch"] = {"version": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()}
    except ImportError:
        machine["torch"] = None
    machine["load"] = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    return machine


def slug(machine: dict[str, Any]) -> str:
    """The processor's name and its cores as a file name: "amd-epyc-4-cores"."""
    name = re.sub(r"\((r|tm)\)|@.*|\bcpu\b|\bprocessor\b", " ", machine["cpu"].lower())
    return re.sub(r"[^a-z0-9]+", "-", f"{name} {machine['cores']} cores").strip("-")
