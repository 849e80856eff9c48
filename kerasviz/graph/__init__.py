"""The layer graph of a functional model, and the plan that runs it."""

from kerasviz.graph.graph import Graph
from kerasviz.graph.plan import Plan, compile_plan

__all__ = ["Graph", "Plan", "compile_plan"]
