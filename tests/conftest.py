"""Fixtures shared by all tests."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Times say how busy the machine is, not whether a test is right: a process that was made to wait while it drew an
# example would fail.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real pairs with truth that lies beside the repository; the test is skipped without it."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: these scenes' licences keep them out of the repository")
    return folder


@pytest.fixture(scope="session")
def real_weights() -> Path:
    """The folder of public checkpoints that lies beside the repository; the test is skipped without it."""
    folder = REPOSITORY.parent / "shared" / "weights"
    if not folder.is_dir():
        pytest.skip(f"no public checkpoints at {folder}: their licences keep them out of the repository")
    return folder


@pytest.fixture(scope="session")
def instruction_set() -> Callable[[str], AbstractContextManager[None]]:
    """`with instruction_set("avx2"):` the kernels run with that set. The core reads it once, or when asked."""
    from geomvision import _core

    @contextmanager
    def force(isa: str) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GEOMVISION_ISA", isa)
            assert _core.reread_isa() == isa
            try:
                yield
            finally:
                patch.undo()
                _core.reread_isa()

    return force
