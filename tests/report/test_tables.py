"""What is marked as best, and what a table says where there is nothing to say."""

import pytest

from geomvision.report.tables import Column, Table, better


def column(values, direction="lower", digits=2):
    return Column(group="g", title="t", values=tuple(values), digits=digits, better=direction)


def test_the_best_is_marked_as_printed():
    marked = column([1.001, 1.004, 2.0, None])
    assert [marked.is_best(i) for i in range(4)] == [True, True, False, False]
    assert [marked.text(i) for i in range(4)] == ["1.00", "1.00", "2.00", "–"]
    assert [column([1, 3, 2], "higher").is_best(i) for i in range(3)] == [False, True, False]


def test_one_value_is_not_the_best_of_anything():
    assert not column([1.0, None]).is_best(0)
    assert not column([1.0, 2.0], "neither").is_best(0)


@pytest.mark.parametrize(
    ("figure", "direction"),
    [("totbad-2.0 noc", "lower"), ("delta1", "higher"), ("density", "higher"), ("EPE", "lower")],
)
def test_which_way_is_better(figure, direction):
    assert better(figure) == direction


def test_neighbouring_columns_share_a_heading():
    columns = (column([1]), column([2]), Column(group="", title="t", values=(3,), digits=0, better="lower"))
    table = Table(title="x", labels=("a",), backends=("cpp",), errors=("",), columns=columns)
    assert table.groups == [("g", 2), ("", 1)]
