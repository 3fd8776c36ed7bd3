"""From a study that is planned to what each strategy would find in it."""

from helpers.planning.expected import Answer, Expected, answers, expect
from helpers.planning.search import best_split, clusters_needed, rows_needed, smallest_effect
from helpers.planning.study_plan import StudyPlan

__all__ = [
    "Answer",
    "Expected",
    "StudyPlan",
    "answers",
    "best_split",
    "clusters_needed",
    "expect",
    "rows_needed",
    "smallest_effect",
]
