"""The stored universe, cut to five strategies and four measures."""

from __future__ import annotations

from helpers import load_universe
from helpers.running.stored_universe import CLUSTERS, ROWS, SDS

STRATEGIES = ("ols", "cluster_robust", "random_intercept", "two_stage", "multilevel")
KEYS = ["n_clusters", "n_per_cluster", "between_sd"]
UNIT = 10_000  # errors are written in these parts of one, which keeps the file short
N_COEFFICIENTS = 4


def numbers() -> dict:
    """Per strategy four lists over all designs, people slowest and SD fastest.

    `real` and `printed` are standard deviation and standard error of the slope that is zero, in
    ten-thousandths, or None where no variance exists; `alarms` and `found` count in how many
    studies an interval excluded zero, for the slope that is zero and the one that is not.
    """
    table = load_universe().set_index(KEYS).sort_index()
    studies = int(table["studies"].iloc[0])
    found: dict = {"people": CLUSTERS, "rows": ROWS, "sds": SDS, "studies": studies, "unit": UNIT}
    for name in STRATEGIES:
        of_it = table[table["strategy"] == name]
        nothing, something = (of_it[of_it["term"] == term] for term in ("x1", "x2"))
        spare = nothing.index.get_level_values("n_per_cluster") > N_COEFFICIENTS + 1
        exists = spare | (name != "two_stage")
        found[name] = {
            **{
                as_named: [
                    int(value) if known else None
                    for value, known in zip((nothing[column] * UNIT).round(), exists, strict=True)
                ]
                for as_named, column in (("real", "sd"), ("printed", "mean_se"))
            },
            "alarms": [round(share * studies) for share in nothing["rejected"]],
            "found": [round(share * studies) for share in something["rejected"]],
        }
    return found
