"""Formulas over series of numbers: the Python part of V7's analytics."""

VERSION = "1.0.0"
