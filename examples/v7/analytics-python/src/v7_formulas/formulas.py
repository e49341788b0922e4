"""Evaluates one formula over one series. A formula is an expression, never a program: it can neither loop nor reach anything else."""

import math
import statistics
from collections.abc import Callable, Sequence

from simpleeval import InvalidExpression, SimpleEval

MOST_CHARACTERS = 500


class Refusal(Exception):
    """What is wrong with a formula, in one sentence."""


def evaluate(formula: str, values: Sequence[float]) -> float:
    """The formula's value; `values`, `count` and the functions below are its words."""
    if not formula.strip():
        raise Refusal("the formula is empty")
    if len(formula) > MOST_CHARACTERS:
        raise Refusal(f"a formula has at most {MOST_CHARACTERS} characters")
    numbers = tuple(values)
    evaluator = SimpleEval(functions=FUNCTIONS, names={"values": numbers, "count": len(numbers)})
    try:
        result = evaluator.eval(formula)
    except (InvalidExpression, SyntaxError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, MemoryError, RecursionError) as error:
        # Python quotes the code with some of its messages, in lines of their own.
        raise Refusal(f"the formula cannot be evaluated: {str(error).splitlines()[0] if str(error) else type(error).__name__}") from error
    if isinstance(result, bool) or not isinstance(result, int | float):
        raise Refusal("the formula's value is not a number")
    try:
        number = float(result)
    except OverflowError as error:
        raise Refusal("the formula's value is too large") from error
    if not math.isfinite(number):
        raise Refusal("the formula's value is not a finite number")
    return number


def percentile(values: Sequence[float], percent: float) -> float:
    """Between the two values around that place, as most tools do it."""
    if not values:
        raise ValueError("there are no values")
    if not 0 <= percent <= 100:
        raise ValueError("a percentile is between 0 and 100")
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def trend(values: Sequence[float]) -> float:
    """How much a value is above the one before it: the slope of the straight line that fits best."""
    if len(values) < 2:
        raise ValueError("a trend needs two values")
    return statistics.linear_regression(range(len(values)), values).slope


FUNCTIONS: dict[str, Callable] = {
    "abs": abs,
    "max": max,
    "mean": statistics.fmean,
    "median": statistics.median,
    "min": min,
    "percentile": percentile,
    "round": round,
    "sqrt": math.sqrt,
    "stdev": statistics.stdev,
    "sum": math.fsum,
    "trend": trend,
}
