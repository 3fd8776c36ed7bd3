"""Data in which rows belong to several groupings, nested or crossed, and whose truth is known.

People who answer items: row r of person p and item i follows ::

    y = b0 + u_p0 + w_i0 + (b1 + u_p1 + w_i1) x + e

and pupils in classes in schools do the same with a school's and a class's deviations. All
deviations are independent and normal; x belongs to one of the groupings, or to the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from helpers.checks import numbers, whole_number
from helpers.errors import InputError
from helpers.simulate.design import LARGEST, MOST_NUMBERS
from helpers.simulate.draw import Seed, generator

if TYPE_CHECKING:
    import pandas as pd

PREDICTORS = ("halves", "drawn")
TERMS = ("Intercept", "x")

Pair = Sequence[float]
"""An intercept's number and a slope's."""


class _SeveralGroupings:
    """What the designs share: two groupings, and numbers that are checked as they come in."""

    UNITS: ClassVar[tuple[str, ...]]  # what a predictor may belong to: both groupings, then rows
    COLUMNS: ClassVar[tuple[str, str]]  # what the groupings' columns are called

    coefficients: Pair
    noise_sd: float
    predictor: str
    predictor_of: str

    def __post_init__(self) -> None:
        for name, value in list(vars(self).items()):
            if name.startswith("n_"):
                object.__setattr__(self, name, whole_number(name, value, least=1))
            elif name == "noise_sd":
                object.__setattr__(self, name, _one(name, value))
            elif name == "coefficients" or name.endswith("_sd"):
                low = -LARGEST if name == "coefficients" else 0.0
                object.__setattr__(self, name, _pair(name, value, low))
        _among("predictor", self.predictor, PREDICTORS)
        _among("predictor_of", self.predictor_of, self.UNITS)
        if self.n_rows > MOST_NUMBERS // 4:
            raise InputError(f"A study of {self.n_rows:,} rows does not fit into memory.")

    @property
    def n_rows(self) -> int:
        """Rows of a study."""
        raise NotImplementedError

    def layout(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each row its unit of the first grouping, of the second, and which row there it is."""
        raise NotImplementedError

    def units(self) -> tuple[np.ndarray, np.ndarray]:
        """For each row the number of its unit in each grouping, as deviations are drawn."""
        raise NotImplementedError

    def sds(self) -> tuple[Pair, Pair]:
        """SDs of both groupings' deviations."""
        raise NotImplementedError

    def study(self, seed: Seed = None) -> pd.DataFrame:
        """One study.

        Parameters
        ----------
        seed : Seed
            The same seed gives the same data.

        Returns
        -------
        DataFrame
            A row each, with the columns y and x and one for each grouping.
        """
        return self.studies(1, seed).study(0)

    def studies(self, n_studies: int, seed: Seed = None) -> GroupedStudies:
        """Many studies, as arrays.

        Parameters
        ----------
        n_studies : int
            How many.
        seed : Seed
            The same seed gives the same studies, and the first m of them whatever n_studies is.
        """
        S, N = whole_number("n_studies", n_studies, least=1), self.n_rows
        if S * N > MOST_NUMBERS // 4:
            raise InputError(f"{S:,} studies of {N:,} rows do not fit into memory at once.")
        units = self.units()
        sizes = [int(codes.max()) + 1 for codes in units]
        of_x, n_x = self._predictor_units(units, sizes)
        # all numbers of a study in one stretch: those of x, each unit's two deviations, the noise
        z = generator(seed).standard_normal((S, n_x + 2 * sum(sizes) + N))
        x = np.array([-0.5, 0.5])[self._half()] if self.predictor == "halves" else z[:, of_x]
        line = np.broadcast_to(np.asarray(self.coefficients)[:, None], (S, 2, N)).copy()
        start = n_x
        for codes, size, sd in zip(units, sizes, self.sds()):
            stop = start + 2 * size
            deviations = z[:, start:stop].reshape(S, 2, size) * np.asarray(sd)[:, None]
            line += deviations[:, :, codes]
            start = stop
        rows = np.empty((S, N, 3))
        rows[..., 0], rows[..., 1] = 1.0, x
        rows[..., 2] = line[:, 0] + line[:, 1] * rows[..., 1] + self.noise_sd * z[:, start:]
        first, second, _ = self.layout()
        return GroupedStudies(rows, dict(zip(self.COLUMNS, (first, second))), self)

    def _predictor_units(
        self, units: tuple[np.ndarray, np.ndarray], sizes: list[int]
    ) -> tuple[np.ndarray, int]:
        """For each row the number of its value of x, and how many values there are."""
        place = self.UNITS.index(self.predictor_of)
        if place < 2:
            return units[place], sizes[place]
        return np.arange(self.n_rows), self.n_rows

    def _half(self) -> np.ndarray:
        """For each row whether x is in its lower or upper half, as even as can be."""
        first, second, row = self.layout()
        place = self.UNITS.index(self.predictor_of)
        return np.asarray((first, second, first + second + row)[place] % 2)


@dataclass(frozen=True)
class CrossedDesign(_SeveralGroupings):
    """Persons who all answer the same items: two groupings that cross.

    Parameters
    ----------
    n_persons, n_items, n_per_cell : int
        How many, and how many rows for each person and item.
    coefficients : two floats
        The true intercept and slope.
    person_sd, item_sd : two floats
        SDs of persons' intercepts and slopes, and of items'.
    noise_sd : float
        SD of the noise.
    predictor_of : {"items", "persons", "rows"}
        What has a value of x: each item (long words and short ones), each person (two groups of
        people), or each row.
    predictor : {"halves", "drawn"}
        "halves": -1/2 and 1/2 in turn, so that each half of the items, persons or rows has one;
        rows so that each person, and each item, meets both. "drawn": normal, anew in each study.

    Raises
    ------
    InputError
        If no study can have these numbers.
    """

    UNITS: ClassVar = ("persons", "items", "rows")
    COLUMNS: ClassVar = ("person", "item")

    n_persons: int = 20
    n_items: int = 20
    n_per_cell: int = 1
    _: KW_ONLY
    coefficients: Pair = (0.0, 0.0)
    person_sd: Pair = (1.0, 0.5)
    item_sd: Pair = (1.0, 0.0)
    noise_sd: float = 1.0
    predictor_of: str = "items"
    predictor: str = "halves"

    @property
    def n_rows(self) -> int:
        """Rows of a study."""
        return self.n_persons * self.n_items * self.n_per_cell

    def layout(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each row its person, its item, and which row of the two it is."""
        person, item, row = np.indices((self.n_persons, self.n_items, self.n_per_cell))
        return person.ravel(), item.ravel(), row.ravel()

    def units(self) -> tuple[np.ndarray, np.ndarray]:
        """For each row the number of its person and of its item."""
        return self.layout()[:2]

    def sds(self) -> tuple[Pair, Pair]:
        """SDs of persons' deviations and of items'."""
        return self.person_sd, self.item_sd


@dataclass(frozen=True)
class NestedDesign(_SeveralGroupings):
    """Pupils in classes in schools: a grouping within another.

    Parameters
    ----------
    n_schools, n_classes, n_pupils : int
        How many schools, how many classes in each, how many pupils in each class.
    coefficients : two floats
        The true intercept and slope.
    school_sd, class_sd : two floats
        SDs of schools' intercepts and slopes, and of classes' within their school.
    noise_sd : float
        SD of the noise.
    predictor_of : {"schools", "classes", "pupils"}
        What has a value of x.
    predictor : {"halves", "drawn"}
        "halves": -1/2 and 1/2 in turn. "drawn": normal, anew in each study.

    Raises
    ------
    InputError
        If no study can have these numbers.

    Notes
    -----
    Classes are numbered anew in each school, as in life: class 1 of one school is not class 1 of
    another, which ``(1 | school/class)`` says.
    """

    UNITS: ClassVar = ("schools", "classes", "pupils")
    COLUMNS: ClassVar = ("school", "class")

    n_schools: int = 10
    n_classes: int = 3
    n_pupils: int = 20
    _: KW_ONLY
    coefficients: Pair = (0.0, 0.0)
    school_sd: Pair = (0.5, 0.0)
    class_sd: Pair = (0.5, 0.0)
    noise_sd: float = 1.0
    predictor_of: str = "pupils"
    predictor: str = "halves"

    @property
    def n_rows(self) -> int:
        """Rows of a study."""
        return self.n_schools * self.n_classes * self.n_pupils

    def layout(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each row its school, its class there, and which pupil of the class it is."""
        school, class_, pupil = np.indices((self.n_schools, self.n_classes, self.n_pupils))
        return school.ravel(), class_.ravel(), pupil.ravel()

    def units(self) -> tuple[np.ndarray, np.ndarray]:
        """For each row the number of its school and of its class among those of all schools."""
        school, class_, _ = self.layout()
        return school, school * self.n_classes + class_

    def sds(self) -> tuple[Pair, Pair]:
        """SDs of schools' deviations and of classes'."""
        return self.school_sd, self.class_sd


class GroupedStudies:
    """Many simulated studies with several groupings, as arrays.

    Attributes
    ----------
    rows : (S, N, 3) array
        The columns 1, x and y.
    codes : dict of (N,) arrays
        For each grouping's column the unit of each row, from 0; the same in all studies.
    design : CrossedDesign or NestedDesign
        What they were drawn from.
    """

    def __init__(
        self, rows: np.ndarray, codes: dict[str, np.ndarray], design: _SeveralGroupings
    ) -> None:
        self.rows, self.codes, self.design = rows, codes, design

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"GroupedStudies({len(self)} studies of {self.design})"

    def study(self, i: int) -> pd.DataFrame:
        """One study by itself, as a data frame.

        Parameters
        ----------
        i : int
            Which, counted from 0.
        """
        import pandas as pd

        i = whole_number("i", i, least=0)
        if i >= len(self):
            raise InputError(
                f"There is no study {i}: the {len(self):,} studies are counted from 0."
            )
        data = pd.DataFrame({"y": self.rows[i, :, 2], "x": self.rows[i, :, 1]})
        return data.assign(**{name: codes + 1 for name, codes in self.codes.items()})


def _one(name: str, value: object) -> float:
    array = numbers(name, value, 0.0, LARGEST)
    if array.ndim:
        raise InputError(f"{name} must be one number; it has shape {array.shape}.")
    return float(array)


def _pair(name: str, value: object, low: float) -> tuple[float, float]:
    array = numbers(name, value, low, LARGEST)
    if array.shape != (2,):
        raise InputError(
            f"{name} must be two numbers, the intercept's and the slope's, not {value!r}."
        )
    return float(array[0]), float(array[1])


def _among(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise InputError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
