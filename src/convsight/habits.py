"""What other tools call things: the messages for names that people bring along say what they are called here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from convsight.errors import UserError, unknown_name

_ENGINE = {
    "device": "--engine openvino, onnxruntime or torch",
    "half": "--precision bfloat16",
    "fp16": "--precision bfloat16",
}
_SURE = dict.fromkeys(("conf", "conf-thres", "confidence", "threshold", "score-threshold"), "--reject-below")
_SOURCE = dict.fromkeys(("source", "input", "image", "images", "img"), "what stands after the model")
_WEIGHTS = dict.fromkeys(("weights", "model", "checkpoint", "ckpt"), "what stands first: a run or a model file")
_DATA = dict.fromkeys(("data-dir", "data-path", "dataset"), "what stands first: a folder, a file or a name")

_TRAIN = {
    **_DATA,
    **dict.fromkeys(
        ("imgsz", "img-size", "image-size", "img", "input-size", "resolution", "train-crop-size"), "--size"
    ),
    **dict.fromkeys(("model", "arch", "architecture", "backbone", "model-name", "network"), "--net"),
    **dict.fromkeys(("batch-size", "bs", "train-batch-size", "per-device-train-batch-size"), "--batch"),
    **dict.fromkeys(("num-epochs", "n-epochs", "max-epochs", "num-train-epochs"), "--epochs"),
    **dict.fromkeys(("lr0", "learning-rate", "base-lr", "init-lr", "max-lr"), "--lr"),
    **dict.fromkeys(("project", "name", "output", "output-dir", "out", "save-dir", "exp", "exist-ok"), "--run"),
    **dict.fromkeys(("opt", "optim"), "--optimizer"),
    **dict.fromkeys(("wd", "l2"), "--weight-decay"),
    **dict.fromkeys(("sched", "lr-scheduler", "scheduler", "cos-lr"), "--schedule"),
    **dict.fromkeys(("step-size", "lr-step-size", "decay-epochs"), "--step-every, in epochs"),
    **dict.fromkeys(("gamma", "lr-gamma", "decay-rate"), "--step-factor"),
    **dict.fromkeys(("patience-epochs", "lr-patience"), "--plateau-epochs"),
    **dict.fromkeys(("min-lr", "eta-min", "lrf"), "--end-factor, a share of the peak rate"),
    **dict.fromkeys(("betas",), "--beta1 and --beta2"),
    **dict.fromkeys(("warmup-epochs", "warmup-steps", "warmup-ratio"), "--warmup, a share of the training"),
    **dict.fromkeys(("pretrained", "init", "initial-checkpoint"), "--weights"),
    **dict.fromkeys(("early-stopping", "early-stop"), "--patience"),
    **dict.fromkeys(("amp", "half", "fp16", "bf16", "mixed-precision"), "--precision bfloat16"),
    **dict.fromkeys(("num-workers", "j", "dataloader-num-workers"), "--workers"),
    **dict.fromkeys(("gpu", "gpus", "gpu-id", "accelerator"), "--device cuda, or cuda:1 for the second GPU"),
    **dict.fromkeys(("val-split", "validation-split", "val-ratio"), "--val-fraction"),
    **dict.fromkeys(("test-split", "test-ratio"), "--test-fraction"),
    **dict.fromkeys(("clip-grad", "gradient-clip-val", "max-grad-norm"), "--clip-norm"),
    **dict.fromkeys(("accumulate-grad-batches", "gradient-accumulation-steps", "grad-accum-steps"), "--accumulate"),
    **dict.fromkeys(("smoothing",), "--label-smoothing"),
    **dict.fromkeys(("augmentation", "aug", "aa", "auto-augment"), "--augment"),
    **dict.fromkeys(("ra", "randaugment", "rand-aug"), "--rand-augment"),
    **dict.fromkeys(("reprob", "random-erase", "random-erasing", "erasing"), "--erase"),
    **dict.fromkeys(("mixup-alpha",), "--mixup"),
    **dict.fromkeys(("cutmix-alpha", "cut-mix"), "--cutmix"),
    **dict.fromkeys(("hflip", "fliplr", "flipud", "vflip"), "--flip"),
    **dict.fromkeys(("iou", "iou-thres", "nms", "nms-threshold"), "--overlap, of detection"),
    **dict.fromkeys(("cfg", "hyp", "yaml", "settings"), "--config"),
    **dict.fromkeys(("time", "max-time"), "--minutes"),
    **dict.fromkeys(("random-seed", "deterministic"), "--seed, which always gives the same bits"),
    **dict.fromkeys(("freeze-layers", "freeze-backbone", "frozen-stages"), "--freeze"),
    **dict.fromkeys(("layer-decay", "llrd", "lr-decay-rate"), "--stage-lr"),
}
_PREDICT = {
    **_SURE,
    **_SOURCE,
    **{name: here for name, here in _WEIGHTS.items() if name != "weights"},  # which names those of a network
    **_ENGINE,
    **dict.fromkeys(("save", "save-img", "show", "view-img", "annotate"), "--draw FOLDER"),
    **dict.fromkeys(("save-txt", "save-csv", "save-json", "output", "output-file"), "--out FILE, or --format json"),
    **dict.fromkeys(("project", "name", "save-dir", "output-dir"), "--draw FOLDER or --out FILE"),
    **dict.fromkeys(("vid-stride", "frame-stride"), "--every"),
    **dict.fromkeys(("num-workers", "j"), "--workers"),
    **dict.fromkeys(("imgsz", "img-size", "size"), "not there: the network's own input is what it was trained with"),
    **dict.fromkeys(("iou", "iou-thres"), "fixed when a detector is trained: convsight train --overlap"),
}
_EVALUATE = {
    **_WEIGHTS,
    **_ENGINE,
    **dict.fromkeys(("data", "dataset", "val-data"), "what stands after the model"),
    **dict.fromkeys(("num-workers", "j"), "--workers"),
    **dict.fromkeys(("imgsz", "img-size", "size"), "not there: the network's own input is what it was trained with"),
}
_EXPORT = {
    **_WEIGHTS,
    **dict.fromkeys(("include", "format-to", "target"), "--to onnx, openvino or torch"),
    **dict.fromkeys(("fp16",), "--half"),
    **dict.fromkeys(("quantize", "quantise"), "--int8"),
    **dict.fromkeys(("output", "output-dir"), "--out FILE"),
    **dict.fromkeys(
        ("dynamic", "simplify", "opset"), "not needed: batch, height and width are free in every exported graph"
    ),
    **dict.fromkeys(("imgsz", "img-size", "size"), "not there: the graph takes raw images of any size"),
}
_EXPLAIN = {
    **_WEIGHTS,
    **_SOURCE,
    **_ENGINE,
    **dict.fromkeys(("algorithm", "algo", "explainer", "attribution", "attribution-method"), "--method"),
    **dict.fromkeys(("cam", "gradcam", "grad-cam"), "--method gradcam"),
    **dict.fromkeys(("occlusion", "saliency", "lime", "rise"), "--method, with that name"),
    **dict.fromkeys(("smooth-grad", "smooth", "smoothgrad"), "--method smoothgrad"),
    **dict.fromkeys(
        ("class", "label", "class-idx", "class-index", "category", "target-class"), "--target, a class's name"
    ),
    **dict.fromkeys(("target-layer", "layers", "layer-name", "conv-layer"), "--layer"),
    **dict.fromkeys(("num-samples", "n-samples", "nsamples", "perturbations"), "--samples"),
    **dict.fromkeys(("window-size", "patch-size", "kernel-size", "sliding-window", "mask-size"), "--window"),
    **dict.fromkeys(("strides", "step"), "--stride"),
    **dict.fromkeys(("output", "output-dir", "save-dir", "save", "draw", "project"), "--out FOLDER"),
    **dict.fromkeys(("random-state", "random-seed"), "--seed"),
    **{name: here for name, here in _PREDICT.items() if name in {"imgsz", "img-size", "size"}},
}
_CALLED_EXPLAIN = dict.fromkeys(
    ("cam", "grad-cam", "gradcam", "heatmap", "saliency", "interpret", "attribution", "explain", "visualize"),
    "a verb of its own: convsight explain",
)
_VERBS = dict.fromkeys(("cam", "grad-cam", "gradcam", "heatmap", "saliency", "interpret", "attribution"), "explain")
# Verb -> an option that others have -> what it is here.
HABITS: Mapping[str, Mapping[str, str]] = {
    "train": _TRAIN,
    "predict": _PREDICT | _CALLED_EXPLAIN,
    "evaluate": _EVALUATE,
    "explain": {name: here for name, here in _EXPLAIN.items() if name != "weights"},
    "export": _EXPORT,
    "audit": _DATA,
    "report": dict.fromkeys(("output", "output-file", "save"), "--out FILE"),
    "compare": dict.fromkeys(("output", "output-file", "save", "html"), "--out FILE.html"),
    "track": {key: value for key, value in _PREDICT.items() if key not in {*_SURE, "imgsz", "img-size", "size"}}
    | dict.fromkeys(_SURE, "--min-score")
    | _WEIGHTS,
}

# Networks by other names -> ours of about that size.
_LETTERS = {"n": "n", "s": "s", "m": "m", "l": "m", "x": "m", "t": "n", "c": "m"}


def check_habits(arguments: Sequence[str]) -> None:
    """Raise `UserError` for a verb, or the first option, of a command line that is called otherwise here.

    >>> check_habits(["train", "photos", "--imgsz=64"])
    Traceback (most recent call last):
    convsight.errors.UserError: there is no option --imgsz; it is --size
    """
    if not arguments:
        return
    if arguments[0] in _VERBS:
        raise UserError(f"there is no verb {arguments[0]}; it is convsight {_VERBS[arguments[0]]}")
    known = HABITS.get(arguments[0], {})
    for option in _options(arguments[1:]):
        if option in known:
            raise UserError(f"there is no option --{option}; it is {known[option]}")


def _options(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        if word == "--":
            return
        if word.startswith("--"):
            yield word[2:].partition("=")[0].replace("_", "-").lower()


def habit_of_setting(name: str) -> str:
    """What a setting that others have is called here, as a keyword argument; empty where that is not known.

    >>> habit_of_setting("lr0"), habit_of_setting("color")
    ('lr', '')
    """
    here = _TRAIN.get(name.replace("_", "-").lower(), "")
    return (
        here.removeprefix("--").partition(",")[0].partition(" ")[0].replace("-", "_") if here.startswith("--") else ""
    )


def unknown_net(name: str, known: Iterable[str]) -> UserError:
    """The error for a network that is not known: the nearest names, for the YOLO family's our own of about that size.

    >>> str(unknown_net("yolov8n", ["yolo-n"]))
    "unknown net 'yolov8n'; the detectors here are yolo-n, yolo-s and yolo-m: try yolo-n"
    """
    if ours := net_of_habit(name):
        return UserError(f"unknown net {name!r}; the detectors here are yolo-n, yolo-s and yolo-m: try {ours}")
    return unknown_name("net", name, known)


def net_of_habit(name: str) -> str:
    """Our network for one of the YOLO family's names; empty for other names.

    >>> net_of_habit("yolov8n.pt"), net_of_habit("yolo11x"), net_of_habit("yolo-n"), net_of_habit("resnet18")
    ('yolo-n', 'yolo-m', '', '')
    """
    plain = name.lower().removesuffix(".pt").removesuffix(".yaml")
    family = plain.startswith("yolo") and not plain.startswith("yolo-")
    letter = plain.partition("-")[0][-1:]
    return f"yolo-{_LETTERS.get(letter, 's')}" if family else ""
