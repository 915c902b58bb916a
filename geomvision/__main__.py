"""``python -m geomvision``: the command line; ``--cmake-dir`` prints where find_package finds the C++ core."""

from __future__ import annotations

import sys
from pathlib import Path


def cmake_dir() -> Path:
    """The folder with geomvisionConfig.cmake of an installed wheel. FileNotFoundError in a source tree."""
    folder = Path(__file__).resolve().parent / "lib" / "cmake" / "geomvision"
    if not (folder / "geomvisionConfig.cmake").is_file():
        raise FileNotFoundError(
            "this geomvision runs from its source tree, which has no CMake package: install the wheel "
            "(pip install .), or cmake --install a build and point CMAKE_PREFIX_PATH there"
        )
    return folder


def main() -> None:
    """Print the CMake folder, or run the command line."""
    if sys.argv[1:] != ["--cmake-dir"]:
        from .cli import main as run

        run()
        return
    try:
        print(cmake_dir())  # noqa: T201
    except FileNotFoundError as error:
        print(f"geomvision: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)


if __name__ == "__main__":
    main()
