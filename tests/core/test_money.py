"""The border where foreign numbers become exact: what is taken, what is refused, and how it is rounded and shown."""

import decimal
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

import riskcore as rc
from riskcore.money import amount, count, floor_to_lot, not_negative, plain, positive, rupees, to_paisa, whole

pytestmark = pytest.mark.smoke

NAN = float("nan")
ARABIC = "\u0662\u0665\u0660\u0660"
FULLWIDTH = "\uff12\uff15"


class Text(str):
    __slots__ = ()

    def __repr__(self):
        return "2"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (2500, "2500"),
        ("2500.50", "2500.50"),
        (" 2500 ", "2500"),
        ("-0.05", "-0.05"),
        ("+7", "7"),
        (".5", "0.5"),
        (2470.05, "2470.05"),
        (0.1 + 0.2, "0.300000"),
        (2470.0000000001, "2470.000000"),
        (0.000001, "0.000001"),
        (0.0000014, "0.000001"),
        (0.0000016, "0.000002"),
        (1e14, "100000000000000.0"),
        (Decimal("1.10"), "1.10"),
        (Fraction(1, 4), "0.25"),
        (Text("25"), "25"),
    ],
)
def test_numbers_that_are_taken_and_what_they_become(written, number):
    """A float is read by its shortest form; what lies beyond six decimals is noise."""
    assert str(amount(written, "price")) == number


@pytest.mark.parametrize(
    "written",
    [
        *(
            1e22,
            10**15,
            -1e15,
            True,
            False,
            None,
            NAN,
            float("inf"),
            float("-inf"),
            Decimal("NaN"),
            Decimal("sNaN"),
            Decimal("Infinity"),
        ),
        *("", " ", ".", "-", "1,00,000", "1 000", "1_000", "1e3", "1e999", "NaN", "Infinity", "0x10", "--5", "1.2.3"),
        *("2500/-", "Rs 5", ARABIC, FULLWIDTH, "\u221e", [1], (1,), {}, b"1", 1j, object()),
    ],
)
def test_what_only_looks_like_a_number_is_refused_by_the_field_it_stands_in(written):
    """Truth values, NaN, infinity, thousands separators, exponents in text, other digits than 0 to 9."""
    with pytest.raises(ValueError, match=r"^Book\.opening_equity must be "):
        rc.Book("None" if written is None else written)


def test_F14_a_sum_of_floats_is_the_number_that_was_meant():
    """0.1 + 0.2 is 0.3, and not the next tick above it."""
    assert amount(0.1 + 0.2, "x") == Decimal("0.3")
    stop = rc.given_stop(side="BUY", entry=1, stop=0.1 + 0.2, tick=0.1)
    assert stop.price == Decimal("0.3")


def test_numpy_scalars_are_taken_by_the_number_they_stand_for():
    """Their repr says np.float64(...); truth values and NaN are refused here too."""
    numpy = pytest.importorskip("numpy")
    assert amount(numpy.float64(2470.05), "x") == Decimal("2470.05")
    assert amount(numpy.float32(0.1), "x") == Decimal("0.1")
    assert amount(numpy.int64(33), "x") == 33
    assert whole(numpy.int32(7), "x") == 7
    assert amount(numpy.str_("2.5"), "x") == Decimal("2.5")
    for wrong in (numpy.bool_(True), numpy.nan, numpy.float64("inf")):
        with pytest.raises(ValueError, match="x must be a"):
            amount(wrong, "x")


class Lots:
    """A number of another library: whole, and of no type we know."""

    def __index__(self):
        return 33


class Rupees(Decimal):
    """A number with a type of its own."""


def test_scalars_of_other_libraries_need_not_be_known_by_name():
    """What stands for a whole number is taken as one; a subclass of Decimal becomes a plain one."""
    assert amount(Lots(), "x") == whole(Lots(), "x") == 33
    plain_one = amount(Rupees("2.50"), "x")
    assert (type(plain_one), str(plain_one)) == (Decimal, "2.50")


def test_another_librarys_truth_value_is_refused_whatever_it_could_be_read_as():
    """NumPy's is called `bool_` or `bool`, and has an `__index__` in older versions."""
    for name in ("bool_", "bool"):
        truth = type(name, (), {"__index__": lambda self: 1})()
        with pytest.raises(ValueError, match=r"^x must be a number, got the truth value"):
            amount(truth, "x")


def test_a_foreign_value_is_named_with_its_type():
    """So that the caller sees what reached the border."""
    with pytest.raises(ValueError, match=r"^x must be a number, got \[1\] of type list$"):
        amount([1], "x")
    with pytest.raises(ValueError, match=r"^price must be a plain decimal number"):
        amount(Text("1,000"), "price")


def test_a_float_of_many_digits_is_rounded_in_the_librarys_context():
    """Under a host's context of six digits too, outside of every formula."""
    with decimal.localcontext() as host:
        host.prec = 6
        assert str(amount(2470.0000000001, "x")) == "2470.000000"


@pytest.mark.parametrize(("check", "least"), [(count, 1), (positive, "0.000001"), (not_negative, 0)])
def test_the_smallest_number_of_each_kind(check, least):
    """One share, more than nought, nought or more: and nothing below."""
    assert check(least, "x") == Decimal(least)
    with pytest.raises(ValueError, match="x must be"):
        check(-1, "x")


@pytest.mark.parametrize("wrong", [33.5, "33.5", Decimal("0.1")])
def test_a_quantity_is_a_whole_number(wrong):
    """33, "33" and 33.0 are; a part of a share is not."""
    assert whole(33.0, "x") == whole("33", "x") == whole(Decimal("33.00"), "x") == 33
    with pytest.raises(ValueError, match="x must be a whole number"):
        whole(wrong, "x")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1234.5", "Rs 1,234.50"),
        ("0.005", "Rs 0.0050"),
        ("-7", "Rs -7.00"),
        ("100000", "Rs 1,00,000.00"),
        ("-12345678.9", "Rs -1,23,45,678.90"),
        ("99999", "Rs 99,999.00"),
    ],
)
def test_money_for_people(value, text):
    """ASCII, two decimals, four where they are needed."""
    assert rupees(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"), [("1.0", "1"), ("0.10", "0.1"), ("100", "100"), ("1E+2", "100"), ("2470.5", "2470.5")]
)
def test_plain_numbers_have_no_trailing_zeros_and_no_exponent(value, text):
    """As a configuration would have them."""
    assert plain(Decimal(value)) == text


@pytest.mark.parametrize(("value", "paisa"), [("0.005", "0.01"), ("0.0049", "0.00"), ("-0.005", "-0.01")])
def test_half_a_paisa_is_rounded_away_from_nought(value, paisa):
    """As on a contract note."""
    assert str(to_paisa(Decimal(value))) == paisa


def test_Formulas_do_not_feel_the_hosts_context():
    """Six digits, and inexact results trapped: the same size, stop, target and charges."""
    careful = decimal.Context(prec=6, traps=[decimal.Inexact])

    def all_of_them():
        return (
            rc.size(equity="99999.99", risk_per_trade="0.7", entry="2500.05", stop="2470.1"),
            rc.atr_stop(side="SELL", entry="2500.05", atr="20.123456", multiple="1.5", tick="0.05"),
            rc.target(side="BUY", entry="2500.05", stop="2470.1", r_multiple="2.5", tick="0.05"),
            rc.charges(
                buy="2500.05", sell="2470.1", quantity=333, on=date(2026, 11, 20), brokerage_pct=1, brokerage_max=20
            ),
        )

    here = all_of_them()
    with decimal.localcontext(careful):
        assert all_of_them() == here


def test_lots_are_counted_down_to_the_last_digit():
    """A hair below nine shares is two lots of three, though a third of it would be rounded to three."""
    assert floor_to_lot(Decimal("8.999999999999999999999999999"), 3) == 6
    assert floor_to_lot(9, 3) == 9
