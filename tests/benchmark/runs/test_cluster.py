"""A run on Dask: real worker processes over TCP give the bytes of one process, also when they are killed."""

import pytest

from geomvision.benchmark.runs import Run
from geomvision.benchmark.runs.cluster import GPU, Cluster
from geomvision.benchmark.runs.engines import InProcess, engine
from geomvision.benchmark.runs.runner import run
from geomvision.benchmark.runs.work import RunError

pytest.importorskip("distributed")


def test_two_workers_give_the_same_bytes_though_one_is_killed(scenes, plan_of, kept, tmp_path, killer):
    plan = plan_of(scenes, ("opencv_bm", "killer", "sgm"), maps="npz")
    run(plan, tmp_path / "whole", InProcess())
    killer(1)
    cluster = engine("dask", workers=2)
    assert run(plan, tmp_path / "run", cluster).failed == 0
    assert (tmp_path / "left").read_text() == ""  # it was
    assert kept(tmp_path / "run") == kept(tmp_path / "whole")
    for path in (tmp_path / "whole" / "maps").rglob("*.npz"):
        assert (tmp_path / "run" / path.relative_to(tmp_path / "whole")).read_bytes() == path.read_bytes()


def test_what_ends_every_worker_is_a_row_and_what_lay_beside_it_is_done(scenes, plan_of, kept, tmp_path, killer):
    plan = plan_of(scenes, ("opencv_bm", "killer", "sgm"))
    killer(100)
    with Cluster(None, 1, gpus=1, tries=1) as cluster:
        outside = Cluster(cluster._cluster.scheduler_address.removeprefix("tcp://"), 0, gpus=1, tries=1)
        assert cluster._client.run(lambda: __import__("os").environ["CUDA_VISIBLE_DEVICES"]).popitem()[1] == "0"
        resources = [each["resources"] for each in cluster._client.scheduler_info()["workers"].values()]
        assert resources == [{GPU: 1.0}]
        assert run(plan, tmp_path / "run", outside).failed == 1
    errors = {(each.sample, each.label): each.error for each in Run(tmp_path / "run").records() if each.error}
    assert errors == {
        ("scene1", "killer"): "WorkerEnded: the process that ran this ended before it was done, 1 times out of 1"
    }
    killer(0)
    run(plan, tmp_path / "run", InProcess(), again=True)
    run(plan, tmp_path / "whole", InProcess())
    assert kept(tmp_path / "run") == kept(tmp_path / "whole")


def test_a_unit_that_hangs_is_a_row_and_its_dask_worker_goes_on(scenes, plan_of, kept, tmp_path, killer):
    plan = plan_of(scenes, ("killer",), maps="npz")
    run(plan, tmp_path / "whole", InProcess())
    killer(1, "h")
    assert run(plan, tmp_path / "run", engine("dask", workers=2, gpus=1, limit=6.0)).failed == 1
    errors = {(each.sample, each.label): each.error for each in Run(tmp_path / "run").records() if each.error}
    told = "TimeLimit: this was not done within 6 s, and its process was ended; --limit sets the time"
    assert errors == {("scene1", "killer"): told}
    killer(1)  # ends the process that its worker has at hand, and is tried again there
    assert run(plan, tmp_path / "run", engine("dask", workers=1, limit=60.0), again=True).failed == 0
    assert (tmp_path / "left").read_text() == ""
    assert kept(tmp_path / "run") == kept(tmp_path / "whole")


def test_a_scheduler_or_workers_that_are_not_there_are_told(scenes, plan_of, tmp_path, monkeypatch):
    import dask
    from distributed import Scheduler, SpecCluster

    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        with pytest.raises(RunError, match=r"there is no Dask scheduler at 127\.0\.0\.1:9"):
            run(plan_of(scenes), tmp_path / "run", engine("dask://127.0.0.1:9"))
        monkeypatch.setattr("geomvision.benchmark.runs.cluster.WORKERS_S", 1)
        alone = {"cls": Scheduler, "options": {"host": "127.0.0.1", "dashboard": False, "dashboard_address": ":0"}}
        with SpecCluster(workers={}, scheduler=alone) as cluster:
            address = cluster.scheduler_address.removeprefix("tcp://")
            with pytest.raises(RunError, match="no Dask worker came within 1 s"):
                run(plan_of(scenes), tmp_path / "run", engine(f"dask://{address}"))
