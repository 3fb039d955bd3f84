"""The table of the comparison: medians with their ranges, and a mark on what is of other rows."""

from bench.peers.results import HEADINGS, Result, Used, cells, markdown

REPEATS = (Used(wall=4.0, cpu=5.0, peak_mb=300.0), Used(2.0, 2.0, 100.0), Used(3.0, 4.0, 200.0))


def result(*repeats, **differences):
    return Result("Peer", repeats, 1234, differences, "money | credits")


def test_a_figure_is_the_median_of_its_repeats_with_the_least_and_the_greatest():
    assert cells(result(*REPEATS), events=10_000)[:5] == (
        "Peer",
        "2,500 (2,000 to 5,000)",
        "4.0 (2.0 to 5.0)",
        "3.0 (2.0 to 4.0)",
        "200 (100 to 300)",
    )


def test_a_single_repeat_has_no_range():
    assert cells(result(REPEATS[0]), events=10_000)[1:5] == ("2,000", "5.0", "4.0", "300")


def test_equal_rows_are_told_with_their_number_and_beside_it_what_is_left_out():
    assert cells(result(*REPEATS), 1)[5:] == ("1,234, equal row by row", "money | credits")


def test_every_figure_of_other_rows_is_marked_and_the_differences_told():
    told = cells(result(*REPEATS, **{"too many link": 2000, "missing code": 1}), 10_000)
    assert all(cell.endswith(" †") for cell in told[1:5])
    assert told[5] == "† 1,234, differing: 1 missing code, 2,000 too many link"


def test_the_table_is_markdown_with_a_cell_for_each_heading():
    lines = markdown([cells(result(*REPEATS), 10_000)]).splitlines()
    assert len(lines) == 3
    assert [line.replace("\\|", "").count("|") for line in lines] == [len(HEADINGS) + 1] * 3
    assert "money \\| credits" in lines[2]
