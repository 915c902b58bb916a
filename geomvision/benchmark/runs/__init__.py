"""A run over data sets: its plan, the store that keeps what was found, and the engines that work it off.

>>> from geomvision.benchmark.runs import Run  # doctest: +SKIP
>>> failed = [record.label for record in Run("runs/today").records() if record.error]  # doctest: +SKIP
"""

from .store import Run

__all__ = ["Run"]
