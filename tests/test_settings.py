import pytest

from convsight.errors import UserError
from convsight.settings import TrainSettings


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"epochs": 0}, "epochs=0"),
        ({"epochs": "many"}, "epochs='many'"),
        ({"minutes": -1}, "minutes=-1"),
        ({"batch": 1}, "batch=1"),
        ({"optimizer": "adm"}, "optimizer='adm'"),
        ({"device": "tpu"}, "device='tpu'"),
        ({"epochs": 3, "minutes": 1}, "--epochs and --minutes"),
        ({"download": True}, "none are asked for: --weights imagenet"),
        ({"download": True, "weights": "w.pth"}, "none are asked for: --weights imagenet"),
        ({"val_fraction": 0.5, "test_fraction": 0.45}, "under a tenth"),
        ({"epoch": 3}, "unknown setting 'epoch'; did you mean epochs"),
    ],
)
def test_a_mistake_names_the_setting(choices: dict[str, object], message: str) -> None:
    with pytest.raises(UserError) as raised:
        TrainSettings.of(data="photos", **choices)
    assert message in str(raised.value)


def test_every_setting_is_explained() -> None:
    assert all(info.description for info in TrainSettings.model_fields.values())
