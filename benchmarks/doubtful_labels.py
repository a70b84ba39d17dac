"""How many of the labels that are doubted most are wrong, where 5 % were made wrong on purpose.

    python benchmarks/doubtful_labels.py SIGN_DIGITS [--draws 5] [--share 0.05] [--size 128]

Features of all images are computed once, by the network that ships. A draw then gives `share` of the images, chosen at
random, another class at random, lets heads answer out of fold, and ranks all labels by their margin. Told is the share
of planted ones among as many of the most doubtful as were planted, with the 95 % interval of the mean over the draws
(Student's t), how many labels are doubted at all, which of these were planted, and the estimated share of wrong ones.
"""

import argparse
import time

import numpy as np
from measuring import print_table, versions

from convsight.datasets import read_dataset
from convsight.metrics.confident_learning import confidence
from convsight.progress import Terminal
from convsight.results import Labels
from convsight.tasks import task_of
from convsight.tasks.classification.doubts import out_of_fold
from convsight.training.doubtful import pretrained_features
from convsight.training.several.summary import student_interval


def main() -> None:
    """Plant, doubt, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--size", type=int, default=None, help="px; by default 224, as the network is used to")
    asked = parser.parse_args()
    dataset = read_dataset(asked.data)
    began = time.process_time()
    found = pretrained_features(task_of(dataset.task), dataset, Terminal(), side=asked.size)
    took = time.process_time() - began
    targets = [each.split.targets for each in found.read.values()]
    truth = np.concatenate([each.indices for each in targets if isinstance(each, Labels)])
    rows = []
    hits = []
    for seed in range(asked.draws):
        chance = np.random.default_rng(seed)
        planted = chance.choice(len(truth), round(asked.share * len(truth)), replace=False)
        given = truth.copy()
        classes = int(truth.max()) + 1
        given[planted] = (truth[planted] + chance.integers(1, classes, len(planted))) % classes
        told = confidence(given, out_of_fold(found.values, given, found.digests, seed))
        most = np.argsort(told.margin, kind="stable")[: len(planted)]
        hits.append(float(np.isin(most, planted).mean()))
        right = np.isin(told.doubted, planted)
        rows.append(
            (
                f"{seed}",
                f"{hits[-1]:.1%}",
                f"{len(told.doubted)}",
                f"{right.mean():.1%}",
                f"{right.sum() / len(planted):.1%}",
                f"{told.wrong:.1%}",
            )
        )
    columns = ("draw", f"planted among the first {len(planted)}", "doubted", "of these planted", "found", "estimated")
    print_table(f"{asked.data}: {len(truth):,} images, {asked.share:.0%} planted", columns, rows)
    print(f"share of planted among the most doubtful {asked.share:.0%}: {student_interval(hits)}")
    print(f"features: {took:.0f} s of the processor; all: {time.process_time() - began:.0f} s; {versions('torch')}")


if __name__ == "__main__":
    main()
