"""Standard errors from products of residuals: those of the module and of statsmodels."""

import numpy as np
import statsmodels.formula.api as smf

from helpers import fit_cluster_robust, fit_ols, simulate_clusters

PAGE = "chapters/robust_standard_errors.html"
SETTINGS = [
    "",
    "keep=one",
    "keep=self",
    "keep=year&block=3",
    "keep=lags",
    "keep=lags&lags=1",
    "keep=lags&lags=29&block=21",
    "keep=all",
    "flips=65569&flipped=2&block=6",
    "keep=all&flips=16&flipped=5",
    "keep=self&flips=2097151&flipped=1",
    "keep=one&flips=36&flipped=0&block=9",
    "keep=lags&flips=36&flipped=2&lags=7",
    "keep=school&lags=99&block=0&flips=9e9&flipped=2",
]
PLANTED = ("sandwich.mjs", "(lags + 1)", "lags")

ROWS = simulate_clusters(
    6, 5, 1, coefficients=(0, 0.5), between_sd=(1.5, 0), predictor_icc=0.5, seed=2009
).data.assign(school=lambda rows: np.arange(30) // 5, year=lambda rows: np.arange(30) % 5)
MODEL = smf.ols("y ~ x1", ROWS)
DESIGN = np.column_stack([np.ones(30), ROWS["x1"]])
PULL = np.linalg.inv(DESIGN.T @ DESIGN)[1] @ DESIGN.T
# the recipe's covariance: noise of every row, and what five rows of a school have in common
REAL = np.sqrt((PULL**2).sum() + 1.5**2 * (PULL.reshape(6, 5).sum(axis=1) ** 2).sum())
BLOCKS = [(a, b) for a in range(6) for b in range(a, 6)]


def sandwich(**kinds):
    return float(MODEL.fit(**kinds).bse["x1"])


def by_cluster(groups):
    return fit_cluster_robust("y ~ x1", ROWS, groups, "CR0").table.loc["x1", "std_error"]


def error_of(state):
    """What the module or statsmodels says where nothing was kept or struck out by hand."""
    uncorrected = {"maxlags": state["lags"], "use_correction": False}
    known = {
        "one": lambda: fit_ols("y ~ x1", ROWS).table.loc["x1", "std_error"],
        "self": lambda: sandwich(cov_type="HC0"),
        "school": lambda: by_cluster("school"),
        "lags": lambda: sandwich(cov_type="HAC", cov_kwds=uncorrected),
        "year": lambda: np.sqrt(
            by_cluster("school") ** 2 + by_cluster("year") ** 2 - sandwich(cov_type="HC0") ** 2
        ),
        "all": lambda: 0,
    }
    return known[state["keep"]]()


def changed(state):
    """The blocks that were kept or struck out by hand, where that was done for this choice."""
    keys = ["one", "self", "school", "year", "lags", "all"]
    mine = keys.index(state["keep"]) == state["flipped"]
    return [k for k in range(21) if mine and state["flips"] >> k & 1]


def parts(state):
    """What each block adds to the variance: before anything is changed, and if it were."""
    residuals = MODEL.fit().resid.to_numpy()
    row = np.arange(30)
    own = {name: ROWS[name].to_numpy() for name in ("school", "year")}
    same = {name: np.equal.outer(groups, groups) for name, groups in own.items()}
    weights = {
        "one": np.eye(30),
        "self": np.eye(30),
        "school": same["school"],
        "year": same["school"] | same["year"],
        "lags": np.maximum(0, 1 - abs(np.subtract.outer(row, row)) / (state["lags"] + 1)),
        "all": np.ones((30, 30)),
    }[state["keep"]]
    products = np.outer(residuals, residuals)
    table = weights * (MODEL.fit().scale if state["keep"] == "one" else products)
    found = []
    for a, b in BLOCKS:
        inside = np.zeros((30, 30), dtype=bool)
        for i, j in {(a, b), (b, a)}:
            inside |= np.outer(row // 5 == i, row // 5 == j)
        whole = (weights[inside] == 1).all()
        other = 0 if whole else PULL @ (inside * products) @ PULL
        cells = [(weights[inside] > 0).sum(), 0 if whole else inside.sum()]
        found.append([PULL @ (inside * table) @ PULL, other, *cells])
    return np.array(found)


def expected(state, numbers):
    each, by_hand = parts(state), changed(state)
    picked = [int(k in by_hand) for k in range(21)]
    variance = sum(each[k, picked[k]] for k in range(21))
    told = {
        "kept": sum(each[k, 2 + picked[k]] for k in range(21)),
        "variance": (variance, 1e-9),
        "block": (each[state["block"] - 1, picked[state["block"] - 1]], 1e-9),
        "real": REAL,
    }
    told["error"] = (error_of(state) if not by_hand else np.sqrt(max(variance, 0)), 1e-7)
    return told


def phrases(state, numbers):
    error = f"{numbers['error']:.3f}".removeprefix("0")
    if numbers["variance"] < 0:
        return ["variance below zero"]
    words = [f"standard error is {error}."]
    if numbers["kept"] == 900 and numbers["variance"] == 0:
        words.append("learns nothing")
    return words
