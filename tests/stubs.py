"""Write the type stubs of the C++ module, or with --check fail when they are out of date."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "geomvision"
STUB = PACKAGE / "_core.pyi"


def generate() -> str:
    """The stub as pybind11-stubgen and ruff make it from the built module."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pybind11_stubgen", "geomvision._core", "-o", folder, "--exit-code"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"pybind11-stubgen failed:\n{done.stdout}{done.stderr}")
        text = (Path(folder) / "geomvision" / "_core.pyi").read_text()
    # pybind11 knows containers but not what they hold.
    text = re.sub(r"\bdict\b(?!\[)", "dict[str, typing.Any]", text)
    text = "# mypy: disable-error-code=overload-overlap\n" + text  # arrays of float32 and float64 look alike to it
    text = re.sub(r"\btuple\b(?!\[)", "tuple[typing.Any, ...]", text)
    ruff = [sys.executable, "-m", "ruff"]
    name = ["--stdin-filename", str(STUB), "-"]
    fixed = subprocess.run(
        [*ruff, "check", "--fix", "--exit-zero", "--quiet", *name],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    done = subprocess.run([*ruff, "format", *name], input=fixed.stdout, capture_output=True, text=True, check=True)
    return done.stdout


def main() -> None:
    """Write or check."""
    text = generate()
    if "--check" in sys.argv:
        if not STUB.exists() or STUB.read_text() != text:
            raise SystemExit(f"{STUB.name} is out of date: run `make format`")
    else:
        STUB.write_text(text)


if __name__ == "__main__":
    main()
