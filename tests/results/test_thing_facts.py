"""Classes of things by the indices of other ones."""

import numpy as np

from convsight.results.thing_facts import ThingFacts, class_table, classes_shown


def test_tables_follow_one_another_by_name() -> None:
    first = class_table(("cat", "dog", "owl"), ("owl", "cat"))
    assert first.tolist() == [1, -1, 0]
    assert class_table(("owl", "cat", "dog"), ("dog", "cat", "owl"), np.array([1, 2, 0])).tolist() == [1, 0, 2]


def test_classes_that_are_not_there_are_not_shown() -> None:
    facts = [ThingFacts(np.array(labels, np.int64), len(labels), "") for labels in ([0, 0], [1, 2], [])]
    table = class_table(("cat", "dog", "owl"), ("owl", "cat"))
    assert classes_shown(facts, 2, table).tolist() == [[False, True], [True, False], [False, False]]
    assert classes_shown(facts, 3, None).tolist() == [[True, False, False], [False, True, True], [False, False, False]]
