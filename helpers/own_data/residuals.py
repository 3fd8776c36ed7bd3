"""What a reader's own model leaves of each row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.engine.model_matrices import MatrixReader
from helpers.errors import InputError
from helpers.own_data.answers import Answers
from helpers.own_data.question import Question


def own_residuals(question: Question, answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    """The outcome less what the model with one grouping expects in the row's own cluster.

    Parameters
    ----------
    question, answers
        Of `put_question` and `all_answers`.

    Returns
    -------
    residuals : (N,) array
        Of each row.
    codes : (N,) array of int
        Its cluster.

    Raises
    ------
    InputError
        Where no multilevel model could be fitted.
    """
    fit = next(
        (answers.fits[name] for name in ("multilevel", "random_intercept") if name in answers.fits),
        None,
    )
    if fit is None or fit.cluster_coefficients is None:
        raise InputError("No multilevel model could be fitted, so there are no residuals.")
    reader = MatrixReader(question.formula, question.formula.groupings_by_column[0], whole=True)
    matrices = reader.read(question.data)
    labels = pd.Index(np.asarray(matrices.labels))
    codes = fit.cluster_coefficients.index.get_indexer(labels)
    e, done = matrices.y.copy(), set[str]()
    for names, columns in zip(reader.names_by_part, matrices.parts):
        for name, column in zip(names, columns.T):
            if name in fit.cluster_coefficients and name not in done:
                e -= column * fit.cluster_coefficients[name].to_numpy()[codes]
                done.add(name)
    return e, codes
