"""Clustered data whose truth is known.

Row i of cluster g follows

    y_gi = sum_j (beta_j + b_gj) x_gij + e_gi,    j = 0 (intercept, x_gi0 = 1), 1, ..., p

with slopes beta shared by all clusters, deviations b_g ~ N(0, T) that each cluster keeps, and noise
e_gi ~ N(0, noise_sd^2). Every predictor has mean 0 and variance 1. It is the sum of two independent
normal parts,

    x_gij = u_gj + v_gij,    Var(u_gj) = predictor_icc_j         (between clusters),
                             Var(v_gij) = 1 - predictor_icc_j    (within).

All of these sizes and standard deviations make a `Design`. Persons crossed with items make a
`CrossedDesign`, pupils in classes in schools a `NestedDesign`.
"""

from helpers.simulate.design import Design
from helpers.simulate.draw import simulate_clusters, simulate_studies, study_chunks
from helpers.simulate.missing_rows import drop_rows
from helpers.simulate.several_groupings import CrossedDesign, GroupedStudies, NestedDesign
from helpers.simulate.studies import SimulatedClusters, SimulatedStudies
from helpers.simulate.without_rows import (
    SimulatedCrossproducts,
    crossproduct_chunks,
    simulate_crossproducts,
)

__all__ = [
    "CrossedDesign",
    "Design",
    "GroupedStudies",
    "NestedDesign",
    "SimulatedClusters",
    "SimulatedCrossproducts",
    "SimulatedStudies",
    "crossproduct_chunks",
    "drop_rows",
    "simulate_clusters",
    "simulate_crossproducts",
    "simulate_studies",
    "study_chunks",
]
