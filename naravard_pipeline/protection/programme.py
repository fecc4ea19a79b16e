"""A linear programme that is asked many times: the largest and smallest value of one sum after another over the same rows.

Here: the solver, HiGHS, which starts each question from its last answer (the primal simplex is then a few steps, not a few hundred, and nothing is
copied). Not here: what the rows mean (knowledge, attacker).
"""

from dataclasses import dataclass

import highspy
import numpy as np
from scipy.sparse import csr_array

_STATUS = highspy.HighsModelStatus


@dataclass(frozen=True)
class Answer:
    """``value``: the extreme, plus or minus infinity where there is none. ``duals``: how much ``value`` grows per unit on the right of each row;
    ``world``: a value of each column in which it is reached. Both are None where there is no extreme."""

    value: float
    duals: np.ndarray | None
    world: np.ndarray | None


class Programme:
    """low ≤ matrix · x ≤ high, and x within its own bounds. A row or a column without a limit has an infinite one."""

    def __init__(self, matrix: csr_array, low: np.ndarray, high: np.ndarray, x_low: np.ndarray, x_high: np.ndarray):
        rows, columns = matrix.shape
        self._solver = highspy.Highs()
        for name, value in (("output_flag", False), ("threads", 1), ("parallel", "off"), ("solver", "simplex")):
            self._solver.setOptionValue(name, value)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = columns, rows
        model.col_cost_ = np.zeros(columns)
        model.col_lower_, model.col_upper_ = _floats(x_low), _floats(x_high)
        model.row_lower_, model.row_upper_ = _floats(low), _floats(high)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32)
        model.a_matrix_.value_ = _floats(matrix.data)
        self._solver.passModel(model)
        self._asked = np.zeros(0, dtype=np.int32)

    def bound(self, columns: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Other bounds for some columns."""
        self._solver.changeColsBounds(len(columns), columns.astype(np.int32), _floats(low), _floats(high))

    def is_possible(self) -> bool:
        """Whether any x is within all bounds."""
        self._ask(np.zeros(0, dtype=np.int32), np.zeros(0))
        return self._solve() == _STATUS.kOptimal

    def extreme(self, columns: np.ndarray, weights: np.ndarray, sign: int) -> Answer:
        """The largest (``sign`` 1) or smallest (-1) value of Σ weight · x over ``columns``. Raises ``RuntimeError`` where the solver gives none."""
        self._ask(columns.astype(np.int32), -sign * _floats(weights))
        status = self._solve()
        if status == _STATUS.kUnbounded:
            return Answer(sign * np.inf, None, None)
        if status != _STATUS.kOptimal:
            raise RuntimeError(f"the solver gave no answer about a hidden count: {self._solver.modelStatusToString(status)}")
        solution = self._solver.getSolution()
        world = np.array(solution.col_value)
        return Answer(float(weights @ world[columns]), -sign * np.array(solution.row_dual), world)

    def _ask(self, columns: np.ndarray, cost: np.ndarray) -> None:
        self._solver.changeColsCost(len(self._asked), self._asked, np.zeros(len(self._asked)))
        self._solver.changeColsCost(len(columns), columns, cost)
        self._asked = columns

    def _solve(self) -> highspy.HighsModelStatus:
        self._solver.run()
        status = self._solver.getModelStatus()
        if status not in (_STATUS.kOptimal, _STATUS.kUnbounded, _STATUS.kInfeasible):
            self._solver.clearSolver()  # the last answer was a bad place to start from, or left open which of the two it is
            self._solver.setOptionValue("presolve", "off")
            self._solver.run()
            self._solver.setOptionValue("presolve", "choose")
            status = self._solver.getModelStatus()
        return status


def _floats(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)
