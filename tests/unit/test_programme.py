"""The linear programme that is asked many times gives the answers that another solver gives to each question by itself."""

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array

from naravard_pipeline.protection.programme import Programme

INFINITE = np.inf


def random_programme(seed):
    """Rows of sums around a world that is possible, some equations and some open upwards."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(2, 12), rng.integers(3, 20)
    matrix = rng.choice([-1.0, 0.0, 0.0, 1.0], (rows, columns))
    world = rng.integers(0, 9, columns).astype(float)
    low = matrix @ world
    high = np.where(rng.random(rows) < 0.3, INFINITE, low)
    return rng, matrix, low, high, world


def by_another(matrix, low, high, x_low, x_high, weights, sign):
    equal = high == low
    found = linprog(
        -sign * weights, A_eq=matrix[equal], b_eq=low[equal], A_ub=-matrix[~equal], b_ub=-low[~equal], bounds=np.column_stack([x_low, x_high])
    )
    return sign * INFINITE if found.status == 3 else -sign * found.fun


@pytest.mark.parametrize("seed", range(40))
def test_every_answer_is_the_other_solvers(seed):
    rng, matrix, low, high, world = random_programme(seed)
    columns = matrix.shape[1]
    programme = Programme(csr_array(matrix), low, high, world, world)
    for _ in range(15):
        free = rng.random(columns) < 0.6
        x_low, x_high = np.where(free, 0.0, world), np.where(free, rng.choice([INFINITE, 9.0], columns), world)
        programme.bound(np.arange(columns), x_low, x_high)
        asked = np.sort(rng.choice(columns, rng.integers(1, 4), replace=False))
        weights, sign = np.zeros(columns), int(rng.choice([-1, 1]))
        weights[asked] = rng.choice([-1.0, 1.0, 2.0], len(asked))
        answer = programme.extreme(asked, weights[asked], sign)
        assert answer.value == pytest.approx(by_another(matrix, low, high, x_low, x_high, weights, sign), abs=1e-6)
        if answer.world is not None:
            assert weights @ answer.world == pytest.approx(answer.value)
            assert (matrix @ answer.world >= low - 1e-6).all() and (matrix @ answer.world <= high + 1e-6).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_the_duals_tell_what_one_more_on_the_right_gives(sign):
    # x + y = 10 and y ≥ 3 (as a row): the largest x is 7, one more on the first row gives one more, one more on the second one less.
    matrix = csr_array(np.array([[1.0, 1.0], [0.0, 1.0]]))
    programme = Programme(matrix, np.array([10.0, 3.0]), np.array([10.0, INFINITE]), np.zeros(2), np.array([INFINITE, 8.0]))
    answer = programme.extreme(np.array([0]), np.ones(1), sign)
    assert (answer.value, answer.duals.tolist()) == ((7.0, [1.0, -1.0]) if sign > 0 else (2.0, [1.0, 0.0]))


def test_what_contradicts_itself_is_not_possible():
    matrix = csr_array(np.array([[1.0], [1.0]]))
    assert not Programme(matrix, np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.zeros(1), np.full(1, INFINITE)).is_possible()
    with pytest.raises(RuntimeError, match="Infeasible"):
        Programme(matrix, np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.zeros(1), np.full(1, INFINITE)).extreme(np.array([0]), np.ones(1), 1)
