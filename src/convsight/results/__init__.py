"""What is true or predicted about an image: one validated type per kind of question."""

from convsight.results.box_lists import BoxLists
from convsight.results.boxes import Box, Boxes
from convsight.results.capabilities import Drawable, ForSupervision, Tabular, Thresholded, WithFiles, require
from convsight.results.class_map import IGNORED, ClassMap, unknown_index
from convsight.results.class_maps import ClassMaps
from convsight.results.images import ImageResult, ImagesOfMany
from convsight.results.instance_lists import InstanceLists, InstanceSource, boxes_of_ids
from convsight.results.label import Label, Labels, Score
from convsight.results.label_set import LabelSet, LabelSets
from convsight.results.mask_source import MaskSource
from convsight.results.numbers import Numbers, NumbersOfMany
from convsight.results.panoptic_map import PanopticMap, ids_to_rgb, rgb_to_ids
from convsight.results.panoptic_maps import PanopticMaps, PanopticSource
from convsight.results.pixel_colours import Colour, usual_colours
from convsight.results.result import Difference, InvalidOutputError, Result

__all__ = [
    "IGNORED",
    "Box",
    "BoxLists",
    "Boxes",
    "ClassMap",
    "ClassMaps",
    "Colour",
    "Difference",
    "Drawable",
    "ForSupervision",
    "ImageResult",
    "ImagesOfMany",
    "InstanceLists",
    "InstanceSource",
    "InvalidOutputError",
    "Label",
    "LabelSet",
    "LabelSets",
    "Labels",
    "MaskSource",
    "Numbers",
    "NumbersOfMany",
    "PanopticMap",
    "PanopticMaps",
    "PanopticSource",
    "Result",
    "Score",
    "Tabular",
    "Thresholded",
    "WithFiles",
    "boxes_of_ids",
    "ids_to_rgb",
    "require",
    "rgb_to_ids",
    "unknown_index",
    "usual_colours",
]
