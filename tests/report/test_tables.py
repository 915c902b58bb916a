"""What is marked as best, and what a table says where there is nothing to say."""

import pytest

from geomvision.benchmark.comparison import Comparison, Row
from geomvision.metrics._base import Ratio
from geomvision.metrics.eth3d import ETH3D
from geomvision.report.tables import Column, Table, better, full_table
from geomvision.stereo.opencv_bm import OpenCVBM
from geomvision.stereo.opencv_sgbm import OpenCVSGBM


def column(values, direction="lower", digits=2):
    return Column(group="g", title="t", values=tuple(values), digits=digits, better=direction)


def test_the_best_is_marked_as_printed():
    marked = column([1.001, 1.004, 2.0, None])
    assert [marked.is_best(i) for i in range(4)] == [True, True, False, False]
    assert [marked.text(i) for i in range(4)] == ["1.00", "1.00", "2.00", "–"]
    assert [column([1, 3, 2], "higher").is_best(i) for i in range(3)] == [False, True, False]


def test_a_method_that_failed_on_some_samples_is_not_the_best():
    """Its mean leaves out what it failed on, which may have been the hardest."""
    rows = [
        Row(label=method.label(), sample=sample, method=method, error=error, scores={"eth3d": score})
        for method, sample, error, score in (
            (OpenCVBM(), "easy", None, {"bad": Ratio(1, 10, "percent")}),
            (OpenCVBM(), "hard", "RuntimeError: too hard", {}),
            (OpenCVSGBM(), "easy", None, {"bad": Ratio(2, 10, "percent")}),
            (OpenCVSGBM(), "hard", None, {"bad": Ratio(9, 10, "percent")}),
        )
    ]
    protocol = ETH3D()
    table = full_table(Comparison(task="stereo", samples=(), protocols=(protocol,), rows=tuple(rows)), protocol)
    assert table.labels == ("opencv_bm (1 of 2 samples)", "opencv_sgbm")
    assert [table.columns[0].text(i) for i in range(2)] == ["10.00", "55.00"]
    assert not any(table.columns[0].is_best(i) for i in range(2))


def test_one_value_is_not_the_best_of_anything():
    assert not column([1.0, None]).is_best(0)
    assert not column([1.0, 2.0], "neither").is_best(0)


@pytest.mark.parametrize(
    ("figure", "direction"),
    [
        ("totbad-2.0 noc", "lower"),
        ("delta1", "higher"),
        ("density", "higher"),
        ("EPE", "lower"),
        ("F-score", "higher"),
        ("AUSE RMSE", "lower"),
    ],
)
def test_which_way_is_better(figure, direction):
    assert better(figure) == direction


def test_neighbouring_columns_share_a_heading():
    columns = (column([1]), column([2]), Column(group="", title="t", values=(3,), digits=0, better="lower"))
    table = Table(title="x", labels=("a",), backends=("cpp",), errors=("",), columns=columns)
    assert table.groups == [("g", 2), ("", 1)]
