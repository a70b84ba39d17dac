from convsight.metrics.things.thresholds import DEFAULT, THRESHOLD, thresholds_of


def test_each_class_has_its_own_and_the_default_one_otherwise() -> None:
    calibration = {f"{THRESHOLD}dog": 0.4, f"{THRESHOLD}bird": 0.9, "temperature": 3.0, "cat": 0.1}
    assert thresholds_of(calibration, ("cat", "dog")).tolist() == [DEFAULT, 0.4]
    assert thresholds_of({}, ()).tolist() == []


def test_a_class_may_be_called_anything() -> None:
    assert thresholds_of({f"{THRESHOLD}a/b": 0.4}, ("a/b", "b")).tolist() == [0.4, DEFAULT]
