"""Kill a run at random times, fill its disk, and see that no record is lost, torn or there twice.

    python benches/bench_faults.py --kills 50 [--engine processes] [--disk FOLDER_OF_A_SMALL_FILE_SYSTEM]

Each kill is ``kill -9`` of the process that writes the store, after a random time from its start. After each, every
record that was there before must still be there with the same bytes, no key may be there twice, and the store must be
readable. In the end the finished store must have the bytes of one that was never stopped. The full disk is a small
file system where one is given, else a limit on the size of files (RLIMIT_FSIZE).
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from geomvision import io
from geomvision.benchmark.runs import Run, journal

#: Of a kill before the first new record, at each look; there are 200 looks a second.
EARLY = 1e-4
METHODS = "opencv_bm,block_matching,sgm"


def scenes(folder: Path, count: int) -> str:
    """Pairs of noise, 5 px apart: what they score does not matter."""
    for number in range(count):
        scene = folder / "stereo" / f"s{number:03}"
        scene.mkdir(parents=True)
        wide = np.kron(np.random.default_rng(number).integers(0, 255, (24, 51)), np.ones((4, 4))).astype(np.uint8)
        io.write_image(scene / "left.png", wide[:, :192].copy())
        io.write_image(scene / "right.png", wide[:, 5:197].copy())
        io.write_pfm(scene / "disp.pfm", np.full((96, 192), 5, np.float32))
    return f"folder:{folder}"


def command(dataset: str, out: Path, engine: str) -> list[str]:
    words = ["bench", "stereo", "--dataset", dataset, "--methods", METHODS, "--maps", "npz", "--out", str(out)]
    return [sys.executable, "-m", "geomvision", *words, "--engine", engine]


def held(out: Path) -> dict[str, bytes]:
    """Records by key; their lines. What is wrong with the store is raised."""
    lines = list(journal.read(out / "records.jsonl"))
    found = dict(lines)
    assert len(found) == len(lines), "a key is there twice"
    for record in Run(out).records() if lines else ():
        path = Run(out).map_file(record)
        assert path is not None, f"{record.key} has no map"
        assert np.load(path)["px"].shape == (96, 192), f"the map of {record.key} is torn"
    return found


def same(one: Path, other: Path) -> None:
    for name in ("records.jsonl", "samples.jsonl", "records.parquet"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), f"{name} differs"


def kills(dataset: str, out: Path, engine: str, count: int, chance: random.Random) -> tuple[int, int]:
    """So many kills; how many hit while units were done, and how many records were there at the end."""
    before: dict[str, bytes] = {}
    hits = 0
    for _ in range(count):
        process = subprocess.Popen(
            command(dataset, out, engine), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        begun = len(before)
        path = out / "records.jsonl"
        size = path.stat().st_size if path.exists() else 0
        # From the first new record on, so that kills do not all come while modules are loaded.
        while process.poll() is None and not (path.exists() and path.stat().st_size > size):
            time.sleep(0.005)
            if chance.random() < EARLY:
                break
        time.sleep(chance.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = held(out) if path.exists() else {}
        lost = [key for key, line in before.items() if now.get(key) != line]
        assert not lost, f"{len(lost)} records are lost or changed"
        hits += len(now) > begun
        before = now
    assert hits > count / 2, f"only {hits} of {count} kills came while units were done: they say little"
    return hits, len(before)


def full(dataset: str, out: Path, engine: str, limit: Callable[[], None] | None, free: Callable[[], None]) -> int:
    """A run on a disk that fills up, which goes on when there is room; how many records were there when it was full."""
    ended = subprocess.run(command(dataset, out, engine), capture_output=True, text=True, check=False, preexec_fn=limit)
    assert ended.returncode == 2, f"it ended with {ended.returncode}: {ended.stderr}"
    assert "What was done is kept: make room" in ended.stderr, ended.stderr
    print("   ", ended.stderr.strip().splitlines()[-1])
    before = held(out)
    free()
    subprocess.run(command(dataset, out, engine), capture_output=True, check=True)
    now = held(out)
    assert before.keys() <= now.keys(), "records are lost"
    return len(before)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--kills", type=int, default=50)
    arguments.add_argument("--scenes", type=int, default=100)
    arguments.add_argument("--engine", default="in-process")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--disk", type=Path, help="a folder on a small file system, which is filled")
    given = arguments.parse_args()
    place = Path(tempfile.mkdtemp(prefix="faults"))
    try:
        dataset = scenes(place / "data", given.scenes)
        subprocess.run(command(dataset, place / "whole", given.engine), capture_output=True, check=True)
        chance = random.Random(given.seed)
        hits, there = kills(dataset, place / "killed", given.engine, given.kills, chance)
        subprocess.run(command(dataset, place / "killed", given.engine), capture_output=True, check=True)
        same(place / "killed", place / "whole")
        print(f"{given.kills} kills, {hits} while units were done, {there} of {given.scenes * 3} records by then")
        print("    no record lost, changed, torn or twice; finished, its bytes are those of a run never stopped")
        if given.disk is None:
            full(dataset, place / "full", given.engine, limited, lambda: None)
        else:
            ballast, out = given.disk / "ballast", given.disk / "run"
            room = os.statvfs(given.disk)
            ballast.write_bytes(bytes(room.f_bavail * room.f_frsize - 300_000))
            full(dataset, out, given.engine, None, ballast.unlink)
            shutil.copytree(out, place / "full")
        same(place / "full", place / "whole")
        print("    full disk: nothing lost, and the run went on to the same bytes")
    finally:
        shutil.rmtree(place)


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))


if __name__ == "__main__":
    main()
