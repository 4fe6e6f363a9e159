"""Systems of equations whose Jacobians are counted; written with operators alone, so any package can build them.

B. M. Averick, R. G. Carter, J. J. More, G.-L. Xue, The MINPACK-2 Test Problem Collection, Argonne National Laboratory
(1992); the arm has the parameters of Denavit and Hartenberg of P. I. Corke, Robotics, Vision and Control (2011).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

_K5, _K6, _K7, _K8, _K9, _K10 = 1.930e-1, 2.597e-3, 3.448e-3, 1.799e-5, 2.155e-4, 3.846e-5
_PRESSURE = 40.0
#: Sums of the problem 'DHHD1'.
_MX, _MY, _A, _B, _C, _D, _E, _F = 0.485, -0.0019, -0.0581, 0.015, 0.105, 0.0406, 0.167, -0.399


def heart_dipole(x: Sequence[Any]) -> list[Any]:
    """Human heart dipole: 8 equations of 8 unknowns."""
    a, b, c, d, t, u, v, w = x
    tt, vv, uu, ww = t * t, v * v, u * u, w * w
    tsvs, ts3vs, vs3ts = tt - vv, tt - 3 * vv, vv - 3 * tt
    usws, us3ws, ws3us = uu - ww, uu - 3 * ww, ww - 3 * uu
    return [
        a + b - _MX,
        c + d - _MY,
        t * a + u * b - v * c - w * d - _A,
        v * a + w * b + t * c + u * d - _B,
        a * tsvs - 2 * c * t * v + b * usws - 2 * d * u * w - _C,
        c * tsvs + 2 * a * t * v + d * usws + 2 * b * u * w - _D,
        a * t * ts3vs + c * v * vs3ts + b * u * us3ws + d * w * ws3us - _E,
        c * t * ts3vs - a * v * vs3ts + d * u * us3ws - b * w * ws3us - _F,
    ]


def propane(x: Sequence[Any], sqrt: Callable[[Any], Any]) -> list[Any]:
    """Combustion of propane, full formulation: 11 equations of 11 unknowns."""
    x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11 = x
    pdx = _PRESSURE / x11
    sqpdx = sqrt(pdx)
    return [
        x1 + x4 - 3,
        2 * x1 + x2 + x4 + x7 + x8 + x9 + 2 * x10 - 10,
        2 * x2 + 2 * x5 + x6 + x7 - 8,
        2 * x3 + x9 - 40,
        _K5 * x2 * x4 - x1 * x5,
        _K6 * sqrt(x2 * x4) - sqrt(x1) * x6 * sqpdx,
        _K7 * sqrt(x1 * x2) - sqrt(x4) * x7 * sqpdx,
        _K8 * x1 - x4 * x8 * pdx,
        _K9 * x1 * sqrt(x3) - x4 * x9 * sqpdx,
        _K10 * x1**2 - x4**2 * x10 * pdx,
        x11 - (x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10),
    ]


def propane_reduced(x: Sequence[Any]) -> list[Any]:
    """Combustion of propane, reduced formulation: 5 equations of 5 unknowns."""
    x1, x2, x3, x4, x5 = x
    root = math.sqrt(_PRESSURE)
    r5, r6, r7, r8, r9, r10 = _K5, _K6 / root, _K7 / root, _K8 / _PRESSURE, _K9 / root, _K10 / _PRESSURE
    return [
        x1 * x2 + x1 - 3 * x5,
        2 * x1 * x2 + x1 + 2 * r10 * x2**2 + x2 * x3**2 + r7 * x2 * x3 + r9 * x2 * x4 + r8 * x2 - 10 * x5,
        2 * x2 * x3**2 + r7 * x2 * x3 + 2 * r5 * x3**2 + r6 * x3 - 8 * x5,
        r9 * x2 * x4 + 2 * x4**2 - 40 * x5,
        x1 * x2 + x1 + r10 * x2**2 + x2 * x3**2 + r7 * x2 * x3 + r9 * x2 * x4 + r8 * x2
        + r5 * x3**2 + r6 * x3 + x4**2 - 1,
    ]  # fmt: skip


def planar_arm(q: Sequence[Any], lengths: Sequence[Any], sin: Callable[[Any], Any], cos: Callable[[Any], Any]) -> Any:
    """The position of the hand of an arm in a plane, by its angles from link to link."""
    x, y, angle = 0, 0, 0
    for turn, length in zip(q, lengths, strict=True):
        angle = angle + turn
        x, y = x + length * cos(angle), y + length * sin(angle)
    return [x, y]


#: Puma 560: offset, length and the cosine and sine of the twist of each link (metres), then a tool of 0.2 m.
_LINKS = (
    (0.0, 0.0, 0, 1),
    (0.0, 0.4318, 1, 0),
    (0.15005, 0.0203, 0, -1),
    (0.4318, 0.0, 0, 1),
    (0.0, 0.0, 0, -1),
    (0.2, 0.1, 1, 0),
)


def spatial_arm(q: Sequence[Any], sin: Callable[[Any], Any], cos: Callable[[Any], Any]) -> list[Any]:
    """The position of the hand of a Puma 560 by its six angles: a product of rigid motions, from the hand inwards."""
    p = [0.0, 0.0, 0.0]
    for turn, (offset, length, ca, sa) in reversed(list(zip(q, _LINKS, strict=True))):
        c, s = cos(turn), sin(turn)
        along, across = p[0] + length, ca * p[1] - sa * p[2]
        p = [c * along - s * across, s * along + c * across, sa * p[1] + ca * p[2] + offset]
    return p
