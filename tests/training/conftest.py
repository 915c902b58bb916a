"""The command line of a training, in two processes that ``torchrun`` starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import geomvision as gv


@pytest.fixture(scope="session")
def in_two_processes():
    """Run ``geomvision ARGUMENTS``; what both processes printed. Fails where one of them does."""

    def run(*arguments):
        launcher = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
        environment = os.environ | {"PYTHONPATH": str(Path(gv.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
        command = [*launcher, "-m", "geomvision", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
