"""Fixtures shared by all tests."""

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Times say how busy the machine is, not whether a test is right: a process that was made to wait while it drew an
# example would fail.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole builds begin first: what takes minutes must not be what the others wait for."""
    items.sort(key=lambda item: item.path.name != "test_consumer.py")


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


@pytest.fixture(scope="session")
def cuda_on_host() -> Callable[[], AbstractContextManager[ModuleType]]:
    """`with cuda_on_host() as module:` operators on CPU tensors take the CUDA twins, compiled for the CPU.

    Methods find `module` as `geomvision._cuda`. What has no twin runs as ever. Skips where `make cpp-tests` has not
    built them.
    """
    from geomvision import method
    from geomvision.ops import _dispatch
    from geomvision.ops._torch import _operator

    built = sorted(REPOSITORY.glob("build/tests/tests/cpp/cuda/_cuda_on_host*.so"))
    if not built:
        pytest.skip("the CUDA twins are not built for the CPU: make cpp-tests builds them")
    spec = importlib.util.spec_from_file_location("_cuda_on_host", built[0])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    on_cpu = _operator._on_cpu

    def on_twin(name: str, *arguments: Any) -> Any:
        kernel = getattr(module, name, None)
        shape = _operator.SHAPES[name]
        return on_cpu(name, *arguments) if kernel is None else _operator.on_device(kernel, shape, 0, *arguments)

    def look_again() -> None:
        for found in (method.importable, method._gpus, _dispatch.has_cuda, _dispatch.cuda_kernel):
            found.cache_clear()

    @contextmanager
    def use() -> Iterator[ModuleType]:
        look_again()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_operator, "_on_cpu", on_twin)
            patch.setitem(sys.modules, method.CUDA, module)
            yield module
        look_again()

    return use


@cache
def rendered_views(index: int) -> Any:
    """Two views of a rendered room, whose pose and depth are exact."""
    from geomvision.datasets.synthetic import Synthetic

    plain = {"noise": 0.5, "supersampling": 1, "textureless": 0.0, "repetition": 0.0}
    return Synthetic(seed=3, task="pose", layout="room", height=240, width=320, **plain).two_views(index)


@pytest.fixture
def two_views(tmp_path: Path) -> Path:
    """A root with ``twoview/``: "a" and "b" can be solved, "b" has depth, and image1 of "blank" shows nothing."""
    from geomvision import io

    root = tmp_path / "views"
    for name, index in (("a", 1), ("b", 2), ("blank", 2)):
        sample, scene = rendered_views(index), root / "twoview" / name
        scene.mkdir(parents=True)
        io.write_image(scene / "image0.png", sample.image0)
        io.write_image(scene / "image1.png", sample.image1 * (name != "blank"))
        if name == "b":
            io.write_pfm(scene / "depth0.pfm", sample.depth0.m)
            io.write_pfm(scene / "depth1.pfm", sample.depth1.m)
        meta = {"K0": sample.camera0.K.tolist(), "K1": sample.camera1.K.tolist(), "T_0to1": sample.T_1_0.tolist()}
        (scene / "meta.json").write_text(json.dumps(meta))
    return root
