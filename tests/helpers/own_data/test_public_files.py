"""Public files of the packages in the lock are read and fitted as R reads and fits them."""

import numpy as np
import pytest
import statsmodels.formula.api as smf

from helpers import fit_multilevel
from helpers.own_data.read_file import read_file
from tests.helpers.own_data import public_files
from tests.helpers.own_data.public_files import FILES, put, wrong

LOCKED = [name for name, entry in FILES.items() if entry["package"] == "statsmodels"]


@pytest.mark.parametrize("name", LOCKED)
def test_a_public_file_is_as_lme4_has_it(name, tmp_path):
    assert not (fault := wrong(name, tmp_path)), fault


def test_a_false_reference_is_noticed(tmp_path, monkeypatch):
    estimate, error = FILES["dietox"]["estimate"], FILES["dietox"]["std_error"]
    false = FILES["dietox"] | {"estimate": [estimate[0], estimate[1] + 1e-4 * error[1]]}
    monkeypatch.setitem(public_files.FILES, "dietox", false)
    assert "estimate" in wrong("dietox", tmp_path)


def test_statsmodels_says_the_same_of_its_own_files(tmp_path):
    data = read_file(put("dietox", tmp_path))
    fit = fit_multilevel("Weight ~ Time + (1 | Pig)", data)
    other = smf.mixedlm("Weight ~ Time", data, groups=data["Pig"]).fit()
    assert fit.table["estimate"].round(3).tolist() == [15.724, 6.943]  # as its documentation prints
    np.testing.assert_allclose(fit.table["estimate"], other.fe_params, rtol=1e-5)
    np.testing.assert_allclose(fit.table["std_error"], other.bse_fe, rtol=1e-3)
    np.testing.assert_allclose(fit.random_sd.iloc[0] ** 2, other.cov_re.iloc[0, 0], rtol=1e-3)
