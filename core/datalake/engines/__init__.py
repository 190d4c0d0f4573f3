"""Whole lakes folded by an engine of the user's choice: one small module for each of them."""

from .work import ENGINES, Work, aggregate_lake, plan_work

__all__ = ["ENGINES", "Work", "aggregate_lake", "plan_work"]
