import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convsight.training.clock import Clock


@given(epochs=st.integers(1, 20), steps=st.integers(1, 200))
def test_epochs_end_after_exactly_their_steps(epochs: int, steps: int) -> None:
    clock = Clock.for_epochs(epochs, steps)
    for step in range(epochs * steps):
        assert not clock.done
        assert clock.progress == pytest.approx(step / (epochs * steps))
        clock.advance()
    assert clock.done
    assert clock.progress == pytest.approx(1)


def test_a_deadline_plans_what_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Moment(monkeypatch)
    clock = ending_at(now.seconds + 100, steps_per_epoch=100)
    # 95 seconds beside the last validation, 0.55 a step with its share of the validations.
    assert clock.remaining == 172


@pytest.mark.parametrize(("steps_per_epoch", "epochs"), [(100, 1), (50, 2), (10, 9), (1, 90)])
def test_validation_takes_a_tenth_of_the_time_at_most(
    monkeypatch: pytest.MonkeyPatch, steps_per_epoch: int, epochs: int
) -> None:
    now = Moment(monkeypatch)
    clock = ending_at(now.seconds + 1000, steps_per_epoch)
    assert clock.epochs_a_validation == epochs  # which take 45 to 50 seconds, beside 5
    assert clock.remaining == pytest.approx(995 * 0.9 / 0.5, rel=0.02)
    assert Clock.for_epochs(3, steps_per_epoch).epochs_a_validation == 1


@pytest.mark.parametrize("real_step_seconds", [0.25, 0.5, 1.0])
def test_a_deadline_is_met_whatever_the_machine_does(monkeypatch: pytest.MonkeyPatch, real_step_seconds: float) -> None:
    now = Moment(monkeypatch)
    end = now.seconds + 1000
    clock = ending_at(end, steps_per_epoch=100)
    made, last = 0, 0.0
    while not clock.done:
        now.seconds += real_step_seconds
        clock.advance()
        assert clock.progress >= last
        last = clock.progress
        made += 1
        if made % 100 == 0 or clock.done:
            now.seconds += 5
            clock.finish_epoch(5)
    assert clock.progress == pytest.approx(1, abs=0.02)
    assert end - 30 < now.seconds <= end + 1


def test_an_impossible_deadline_still_makes_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Moment(monkeypatch)
    clock = ending_at(now.seconds - 5, steps_per_epoch=10)
    assert clock.remaining == 1
    clock.advance()
    assert clock.done


def test_a_restored_clock_goes_on_where_it_was() -> None:
    clock = Clock.for_epochs(4, 10)
    for _ in range(10):
        clock.advance()
    again = Clock.for_epochs(4, 10)
    again.restore(clock.state())
    assert (again.progress, again.remaining) == (clock.progress, clock.remaining)


def test_more_epochs_than_first_planned() -> None:
    clock = Clock.for_epochs(2, 10)
    for _ in range(20):
        clock.advance()
    longer = Clock.for_epochs(5, 10)
    longer.restore(clock.state())
    assert longer.remaining == 30
    assert longer.progress == pytest.approx(0.4)


def test_the_last_step_ends_the_training_though_there_is_time_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Moment(monkeypatch)
    clock = Clock.for_epochs(1, 10)
    clock.end_at(now.seconds + 35, step_seconds=10.0, epoch_seconds=5.0)
    while not clock.done:
        assert clock.progress < 0.99
        now.seconds += 3  # much less than planned, and long enough for a new plan after every step
        clock.advance()
    assert clock.progress == pytest.approx(1)


def test_a_validation_that_took_less_than_planned_adds_no_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Moment(monkeypatch)
    clock = Clock.for_epochs(1, 10)
    clock.end_at(now.seconds + 25, step_seconds=0.5, epoch_seconds=20.0)
    assert clock.remaining == 9
    for _ in range(9):
        now.seconds += 0.5
        clock.advance()
    clock.finish_epoch(1.0)
    assert clock.done


def ending_at(deadline: float, steps_per_epoch: int) -> Clock:
    """A clock that was told of steps of half a second and five seconds beside them an epoch."""
    clock = Clock.for_epochs(1, steps_per_epoch)
    clock.end_at(deadline, step_seconds=0.5, epoch_seconds=5)
    return clock


def test_cheap_steps_at_first_leave_room_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Moment(monkeypatch)
    end = now.seconds + 1000
    clock = Clock.for_epochs(1, 100)
    clock.cheap_until, clock.cheap_cost = 0.5, 0.5
    clock.end_at(end, step_seconds=1.0, epoch_seconds=0.0)
    assert clock.remaining == 1333  # half of the steps at half the cost: 0.75 seconds a step
    while not clock.done:
        now.seconds += 0.5 if clock.is_cheap else 1.0
        clock.advance()
    assert clock.progress == pytest.approx(1, abs=0.01)
    assert end - 10 < now.seconds <= end + 1


class Moment:
    """A clock on the wall that tests move themselves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1_000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.seconds)


def test_how_late_it_would_be_with_a_single_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    clock = Clock.for_epochs(1, steps_per_epoch=4)
    assert clock.seconds_late == 0
    clock.end_at(130.0, step_seconds=2.0, epoch_seconds=5.0)
    assert clock.seconds_late == 0
    clock.end_at(95.0, step_seconds=2.0, epoch_seconds=5.0)
    assert clock.seconds_late == pytest.approx(12.0)
    assert clock.remaining == 1


def test_the_clock_of_another_process_validates_after_the_same_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Moment(monkeypatch)
    first, other = (ending_at(now.seconds + 1000, steps_per_epoch=10) for _ in range(2))
    for _ in range(100):  # on a machine that is slower by far
        now.seconds += 8
        other.advance()
    assert other.epochs_a_validation != first.epochs_a_validation
    other.plan = first.plan
    assert other.epochs_a_validation == first.epochs_a_validation
