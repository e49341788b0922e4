import unittest

from v7_formulas.formulas import Refusal, evaluate


class Formulas(unittest.TestCase):
    def test_values(self) -> None:
        for formula, value in [
            ("mean(values)", 3.0),
            ("max(values) - min(values)", 5.0),
            ("count * 2", 6.0),
            ("values[-1] / values[0]", 6.0),
            ("median(values)", 2.0),
            ("percentile(values, 75)", 4.0),
            ("trend(values)", 2.5),
            ("1 if stdev(values) > 2 else 0", 1.0),
        ]:
            with self.subTest(formula):
                self.assertAlmostEqual(evaluate(formula, [1, 2, 6]), value)

    def test_refusals(self) -> None:
        for formula, words in [
            ("", "the formula is empty"),
            ("mean(", "cannot be evaluated"),
            ("mena(values)", "'mena' not defined"),
            ("1 / 0", "division by zero"),
            ("values[9]", "index out of range"),
            ("values > values", "is not a number"),
            ("values", "is not a number"),
            ("9 ** 9 ** 9", "cannot be evaluated"),
            ("1e308 * 10", "is not a finite number"),
            ("__import__('os').getcwd()", "not defined"),
            ("values.__class__", "cannot be evaluated"),
            ("[x for x in values]", "cannot be evaluated"),
            ("trend(values[:1])", "needs two values"),
            ("percentile(values, 101)", "between 0 and 100"),
            ("1" * 501, "at most 500 characters"),
        ]:
            with self.subTest(formula), self.assertRaisesRegex(Refusal, words):
                evaluate(formula, [1, 2, 6])
