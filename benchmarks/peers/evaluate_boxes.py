"""COCO numbers by another tool: `evaluate_boxes.py TOOL FOLDER REPEATS` prints seconds and numbers as JSON.

The folder holds `target.json` and `predictions.json` as COCO writes them. Seconds are lists: of reading the
predictions, and of judging them.
"""

import contextlib
import io
import json
import sys
import time
from pathlib import Path


def main(tool: str, folder: Path, repeats: int) -> None:
    """Print the result on the last line; tools print words of their own before it."""
    if tool == "pycocotools":
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval as Evaluation
    else:
        from faster_coco_eval import COCO
        from faster_coco_eval import COCOeval_faster as Evaluation

    reading, judging = [], []
    with contextlib.redirect_stdout(io.StringIO()):
        target = COCO(str(folder / "truth.json"))
        for _ in range(repeats):
            predictions = json.loads((folder / "answers.json").read_text())
            start = time.perf_counter()
            found = target.loadRes(predictions)
            middle = time.perf_counter()
            evaluation = Evaluation(target, found, "bbox")
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
            reading.append(middle - start)
            judging.append(time.perf_counter() - middle)
    print(
        json.dumps({"reading": reading, "judging": judging, "numbers": [float(each) for each in evaluation.stats[:12]]})
    )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
