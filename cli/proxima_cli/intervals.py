"""The exact confidence interval of a sampled probability.

C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404: the bounds are quantiles of beta distributions. The
incomplete beta function is evaluated by its continued fraction (DLMF 8.17.22) and inverted by bisection, so that no
scipy is needed.
"""

import math

__all__ = ["clopper_pearson"]

_ITERATIONS = 20_000
_TINY = 1e-300


def clopper_pearson(successes: int, trials: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval that covers the true probability with at least `confidence`.

    Args:
        successes: 0 to `trials`.
        trials: at least 1.
        confidence: in (0, 1).
    """
    if not 0 <= successes <= trials or trials < 1 or not 0 < confidence < 1:
        raise ValueError(f"no interval for {successes} of {trials} at confidence {confidence}")
    tail = (1 - confidence) / 2
    lower = 0.0 if successes == 0 else _beta_quantile(tail, successes, trials - successes + 1)
    upper = 1.0 if successes == trials else _beta_quantile(1 - tail, successes + 1, trials - successes)
    return lower, upper


def _beta_quantile(p: float, a: float, b: float) -> float:
    low, high = 0.0, 1.0
    while high - low > 1e-10 * high:
        middle = (low + high) / 2
        if _incomplete_beta(middle, a, b) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x) - math.log(a)
    )
    return front * _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """Lentz's evaluation of the continued fraction."""
    result = c = 1.0
    d = _inverse(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, _ITERATIONS):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = _inverse(1 + numerator * d)
            c = 1 + numerator / c
            if abs(c) < _TINY:
                c = _TINY
            step = c * d
            result *= step
        if abs(step - 1) < 1e-14:
            return result
    raise ArithmeticError(f"the continued fraction of I_{x}({a}, {b}) did not converge")


def _inverse(value: float) -> float:
    return 1 / (value if abs(value) > _TINY else _TINY)
