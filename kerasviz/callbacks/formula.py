"""Formulas of the epoch, as a form takes them."""

import ast
import math
from typing import ClassVar

from kerasviz.declare import Invalid, did_you_mean


class Formula:
    """A learning rate as a formula of `epoch`, counted from 0, and `lr`, the rate so far.

    Numbers, + - * / // % **, comparisons, `a if b else c`, and the functions in `FUNCTIONS`; nothing else is evaluated.
    """

    FUNCTIONS: ClassVar = {"exp": math.exp, "log": math.log, "sqrt": math.sqrt, "cos": math.cos, "sin": math.sin}
    PLAIN: ClassVar = {"min": min, "max": max, "abs": abs, "pow": pow}
    NAMES: ClassVar = ("epoch", "lr", "pi", *FUNCTIONS, *PLAIN)
    VALUES: ClassVar = (ast.Expression, ast.Call, ast.Name, ast.Load, ast.Constant, ast.IfExp)
    ARITHMETIC: ClassVar = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare)
    OPERATORS: ClassVar = (ast.operator, ast.unaryop, ast.boolop, ast.cmpop)

    def __init__(self, text: str, where: str = "schedule") -> None:
        self.text = text.strip()
        try:
            tree = ast.parse(self.text, mode="eval")
        except SyntaxError as error:
            raise Invalid(where, "a formula such as lr * 0.95 ** epoch", text) from error
        for node in ast.walk(tree):
            self._check(node, where)
        self._code = compile(tree, "<schedule>", "eval")

    def _check(self, node: ast.AST, where: str) -> None:
        if isinstance(node, ast.Name) and node.id not in self.NAMES:
            raise Invalid(where, f"only the names {', '.join(self.NAMES)}", node.id, did_you_mean(node.id, self.NAMES))
        is_number = not isinstance(node, ast.Constant) or isinstance(node.value, (int, float))
        is_call = not isinstance(node, ast.Call) or (isinstance(node.func, ast.Name) and not node.keywords)
        if not isinstance(node, self.VALUES + self.ARITHMETIC + self.OPERATORS) or not is_number or not is_call:
            raise Invalid(where, "a formula of numbers, epoch and lr", self.text)
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            node.value = float(node.value)  # powers of floats overflow; those of whole numbers never end

    def __call__(self, epoch: int, lr: float) -> float:
        """The rate of an epoch."""
        names = {"epoch": float(epoch), "lr": lr, "pi": math.pi, **self.FUNCTIONS, **self.PLAIN}
        try:
            return float(eval(self._code, {"__builtins__": {}}, names))
        except (ArithmeticError, ValueError, TypeError) as error:
            raise Invalid("LearningRateScheduler(schedule=...)", "a number", f"{self.text!r}: {error}") from error

    def __reduce__(self) -> tuple:
        """Copy and pickle as the text: code objects cannot be."""
        return Formula, (self.text,)

    def source(self) -> str:
        """The same as a lambda."""

        class Qualified(ast.NodeTransformer):
            def visit_Name(self, node: ast.Name) -> ast.AST:  # the name is ast's
                known = node.id in Formula.FUNCTIONS or node.id == "pi"
                return ast.Name(f"math.{node.id}", ast.Load()) if known else node

        return f"lambda epoch, lr: {ast.unparse(Qualified().visit(ast.parse(self.text, mode='eval')))}"
