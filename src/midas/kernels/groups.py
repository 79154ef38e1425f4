"""Across one row of the market, group by group, and weights; steps as in `crosssection.py`.

`by` names the group of each value: equal numbers are one group, and NaN is in none.
"""
# ruff: noqa: D103  the catalogue of operators documents them

from __future__ import annotations

import math

import numpy as np

from midas.kernels.compiled import step
from midas.kernels.crosssection import Row, across, across_by, sorted_columns

NAN = math.nan


# Leaves in `result` the number of each name's group, from 0 up, NaN where it has none, and returns how many there are.
@step
def _numbered(values: Row, by: Row, result: Row, spare: Row) -> int:
    n = len(values)
    for i in range(n):
        result[i] = by[i] if values[i] == values[i] else NAN
    count = sorted_columns(result, spare)
    columns = spare.view(np.uint64)[4 * n : 5 * n]
    group, last = -1, NAN
    for place in range(count):
        column = columns[place]
        if result[column] != last:
            last = result[column]
            group += 1
        result[column] = float(group)
    return group + 1


# Leaves in spare the mean of each group at 0..n and the count at n..2n. Measured from the group's first value, so that
# equal values have exactly that mean.
@step
def _means(values: Row, result: Row, spare: Row, groups: int) -> None:
    n = len(values)
    first, count, total = spare[2 * n : 3 * n], spare[n : 2 * n], spare[:n]
    for group in range(groups):
        count[group] = 0.0
        total[group] = 0.0
    for i in range(n):
        if result[i] == result[i]:
            group = int(result[i])
            if count[group] == 0.0:
                first[group] = values[i]
            count[group] += 1.0
            total[group] += values[i] - first[group]
    for group in range(groups):
        total[group] = first[group] + total[group] / count[group]


@across_by
def group_demean(values: Row, by: Row, result: Row, spare: Row, _: float) -> None:
    groups = _numbered(values, by, result, spare)
    _means(values, result, spare, groups)
    for i in range(len(values)):
        result[i] = values[i] - spare[int(result[i])] if result[i] == result[i] else NAN


@across_by
def group_standardise(values: Row, by: Row, result: Row, spare: Row, _: float) -> None:
    n = len(values)
    groups = _numbered(values, by, result, spare)
    _means(values, result, spare, groups)
    mean, count, squares = spare[:n], spare[n : 2 * n], spare[2 * n : 3 * n]
    for group in range(groups):
        squares[group] = 0.0
    for i in range(n):
        if result[i] == result[i]:
            group = int(result[i])
            squares[group] += (values[i] - mean[group]) ** 2
    for i in range(n):
        if result[i] == result[i]:
            group = int(result[i])
            spread = math.sqrt(squares[group] / (count[group] - 1.0)) if count[group] > 1.0 else 0.0
            result[i] = (values[i] - mean[group]) / spread if spread > 0.0 else NAN


@across_by
def group_rank(values: Row, by: Row, result: Row, spare: Row, _: float) -> None:
    n = len(values)
    groups = _numbered(values, by, result, spare)
    count = sorted_columns(values, spare)
    columns = spare.view(np.uint64)[4 * n : 5 * n]
    size, seen = spare[:n], spare[n : 2 * n]
    for group in range(groups):
        size[group] = 0.0
        seen[group] = 0.0
    for i in range(n):
        if result[i] == result[i]:
            size[int(result[i])] += 1.0
    for place in range(count):
        column = columns[place]
        if result[column] == result[column]:
            group = int(result[column])
            seen[group] += 1.0
            result[column] = seen[group] / size[group]


@across_by
def regress_out(values: Row, by: Row, result: Row, _spare: Row, _: float) -> None:
    n = len(values)
    count, first_x, first_y, x_mean, y_mean = 0, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        if values[i] == values[i] and by[i] == by[i]:
            first_x, first_y = (by[i], values[i]) if count == 0 else (first_x, first_y)
            count += 1
            x_mean += by[i] - first_x
            y_mean += values[i] - first_y
    x_mean = first_x + x_mean / count if count else NAN
    y_mean = first_y + y_mean / count if count else NAN
    squares, products = 0.0, 0.0
    for i in range(n):
        if values[i] == values[i] and by[i] == by[i]:
            squares += (by[i] - x_mean) ** 2
            products += (by[i] - x_mean) * (values[i] - y_mean)
    slope = products / squares if squares > 0.0 else NAN
    for i in range(n):
        result[i] = (values[i] - y_mean) - slope * (by[i] - x_mean)


@across
def bucket(values: Row, result: Row, spare: Row, buckets: float) -> None:
    n = len(values)
    count = sorted_columns(values, spare)
    columns = spare.view(np.uint64)[4 * n : 5 * n]
    for i in range(n):
        result[i] = NAN
    for place in range(count):
        result[columns[place]] = float(1 + place * int(buckets) // count)


# What is above the limit is cut and handed to the others in proportion, until none is above it.
@across
def cap(values: Row, result: Row, spare: Row, limit: float) -> None:
    n = len(values)
    room, count = 0.0, 0
    for i in range(n):
        there = values[i] == values[i]
        spare[i] = abs(values[i]) if there else 0.0
        room += spare[i]
        count += 1 if there else 0
    scale, cut = 1.0, True
    while cut:
        cut, free = False, 0.0
        for i in range(n):
            if spare[i] * scale > limit:
                spare[i], room, cut = -1.0, room - limit, True
            free += spare[i] if spare[i] > 0.0 else 0.0
        scale = room / free if (room > 0.0 and free > 0.0) else 0.0
    for i in range(n):
        size = limit if spare[i] < 0.0 else spare[i] * scale
        result[i] = math.copysign(size, values[i]) if values[i] == values[i] else (0.0 if count else NAN)


@across
def long_short(values: Row, result: Row, _spare: Row, gross: float) -> None:
    up, down, count = 0.0, 0.0, 0
    for i in range(len(values)):
        up += values[i] if values[i] > 0.0 else 0.0
        down -= values[i] if values[i] < 0.0 else 0.0
        count += 1 if values[i] == values[i] else 0
    for i in range(len(values)):
        value = values[i]
        side = up if value > 0.0 else down
        weight = value / side * (0.5 * gross) if side > 0.0 else 0.0
        result[i] = weight if value == value else (0.0 if count else NAN)


LOOPS = (group_demean, group_standardise, group_rank, regress_out, bucket, cap, long_short)
