"""The paragraph is true to what was fitted, and the figure to the table."""

import numpy as np
import pytest

from helpers import InputError, load
from helpers.own_data.answers import all_answers
from helpers.own_data.figure import answers_alt_text, plot_answers
from helpers.own_data.paragraph import methods_paragraph, results_sentence
from helpers.own_data.question import put_question


def asked(formula: str, data=None):
    question = put_question(formula, load("sleepstudy") if data is None else data)
    return question, all_answers(question)


def test_every_strategy_is_named_with_its_errors_and_its_df():
    question, answers = asked("Reaction ~ Days + (Days | Subject)")
    for name, fit in answers.fits.items():
        told = methods_paragraph(question, answers, name)
        assert f"({fit.table.loc['Days', 'df']:.1f} degrees of freedom for Days)" in told
        assert "180 rows in 18 clusters (Subject) of 10 rows" in told
        assert ("CR2" in told) == name.endswith("_cr2")
        assert ("REML" in told) == (name.startswith(("multilevel", "random_intercept")))
    assert "take rows for independent" in methods_paragraph(question, answers, "ols")
    with pytest.raises(InputError, match="logistic"):
        methods_paragraph(question, answers, "logistic")


def test_the_result_has_estimate_interval_and_test_of_sleepstudy():
    told = results_sentence(*asked("Reaction ~ Days + (Days | Subject)"), "multilevel")
    assert told == (  # 10.467, SE 1.546, df 17, t 6.771: lmerTest
        "Reaction differed by 10.5 for one unit of Days (95% interval 7.21 to 13.7; "
        "t(17.0) = 6.77, p < .001; Multilevel)."
    )


def test_log_odds_are_said_to_be_log_odds_and_gaps_and_notes_are_told():
    data = load("sleepstudy").assign(slow=lambda d: (d["Reaction"] > 300).astype(int))
    data.loc[:3, "Days"] = np.nan
    question, answers = asked("slow ~ Days + (1 | Subject)", data)
    told = methods_paragraph(question, answers)
    assert "log odds ratio of slow for Days, within a Subject" in told
    assert "4 rows with missing values were left out." in told and "Wald's z" in told
    assert "odds ratio 1." in results_sentence(question, answers)


def test_two_groupings_are_both_named():
    told = methods_paragraph(
        *asked("diameter ~ 1 + (1 | plate) + (1 | sample)", load("penicillin"))
    )
    assert "24 levels of plate and 6 levels of sample" in told


def test_the_figure_has_a_mark_for_each_row_and_fits_a_phone():
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    data = load("sleepstudy").assign(slow=lambda d: (d["Reaction"] > 300).astype(int))
    _, answers = asked("slow ~ Days + (1 | Subject)", data)
    fig = plot_answers(answers)
    assert len(fig.axes) == 2 and fig.get_figwidth() <= 5.6
    labels = [tick.get_text() for ax in fig.axes for tick in ax.get_yticklabels()]
    assert labels == answers.table["label"].tolist()
    dots = [line.get_xdata()[0] for ax in fig.axes for line in ax.lines if line.get_marker() == "o"]
    assert dots == pytest.approx(answers.table["estimate"].tolist())
    assert all(name in answers_alt_text(answers) for name in labels)
    plt.close(fig)
