"""Colours and numbers that published data sets give their classes, where a folder does not tell them itself.

Sources: the development kit of Pascal VOC; the list label_colors.txt of CamVid (Brostow et al., "Semantic object
classes in video", 2009); the labels of Cityscapes' scripts (Cordts et al., 2016).
"""

from typing import NamedTuple

Colour = tuple[int, int, int]


class KnownClass(NamedTuple):
    """A class of Cityscapes: its name, number, colour, whether it counts in judging, and whether it is things."""

    name: str
    id: int
    colour: Colour
    counts: bool
    things: bool = False


VOC_NAMES = (
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)


def voc_colours(count: int) -> tuple[Colour, ...]:
    """The colours of Pascal VOC: the bits of a number, spread from the highest bits of red, green and blue down.

    >>> voc_colours(3)
    ((0, 0, 0), (128, 0, 0), (0, 128, 0))
    """
    found = []
    for number in range(count):
        parts = [0, 0, 0]
        for place in range(8):
            bits = number >> 3 * place
            parts = [part | (bits >> channel & 1) << 7 - place for channel, part in enumerate(parts)]
        found.append((parts[0], parts[1], parts[2]))
    return tuple(found)


CAMVID: dict[str, Colour] = {
    "Animal": (64, 128, 64),
    "Archway": (192, 0, 128),
    "Bicyclist": (0, 128, 192),
    "Bridge": (0, 128, 64),
    "Building": (128, 0, 0),
    "Car": (64, 0, 128),
    "CartLuggagePram": (64, 0, 192),
    "Child": (192, 128, 64),
    "Column_Pole": (192, 192, 128),
    "Fence": (64, 64, 128),
    "LaneMkgsDriv": (128, 0, 192),
    "LaneMkgsNonDriv": (192, 0, 64),
    "Misc_Text": (128, 128, 64),
    "MotorcycleScooter": (192, 0, 192),
    "OtherMoving": (128, 64, 64),
    "ParkingBlock": (64, 192, 128),
    "Pedestrian": (64, 64, 0),
    "Road": (128, 64, 128),
    "RoadShoulder": (128, 128, 192),
    "Sidewalk": (0, 0, 192),
    "SignSymbol": (192, 128, 128),
    "Sky": (128, 128, 128),
    "SUVPickupTruck": (64, 128, 192),
    "TrafficCone": (0, 0, 64),
    "TrafficLight": (0, 64, 64),
    "Train": (192, 64, 128),
    "Tree": (128, 128, 0),
    "Truck_Bus": (192, 128, 192),
    "Tunnel": (64, 0, 64),
    "VegetationMisc": (192, 192, 0),
    "Void": (0, 0, 0),
    "Wall": (64, 192, 0),
}

CITYSCAPES = (
    KnownClass("unlabeled", 0, (0, 0, 0), False),
    KnownClass("ego vehicle", 1, (0, 0, 0), False),
    KnownClass("rectification border", 2, (0, 0, 0), False),
    KnownClass("out of roi", 3, (0, 0, 0), False),
    KnownClass("static", 4, (0, 0, 0), False),
    KnownClass("dynamic", 5, (111, 74, 0), False),
    KnownClass("ground", 6, (81, 0, 81), False),
    KnownClass("road", 7, (128, 64, 128), True),
    KnownClass("sidewalk", 8, (244, 35, 232), True),
    KnownClass("parking", 9, (250, 170, 160), False),
    KnownClass("rail track", 10, (230, 150, 140), False),
    KnownClass("building", 11, (70, 70, 70), True),
    KnownClass("wall", 12, (102, 102, 156), True),
    KnownClass("fence", 13, (190, 153, 153), True),
    KnownClass("guard rail", 14, (180, 165, 180), False),
    KnownClass("bridge", 15, (150, 100, 100), False),
    KnownClass("tunnel", 16, (150, 120, 90), False),
    KnownClass("pole", 17, (153, 153, 153), True),
    KnownClass("polegroup", 18, (153, 153, 153), False),
    KnownClass("traffic light", 19, (250, 170, 30), True),
    KnownClass("traffic sign", 20, (220, 220, 0), True),
    KnownClass("vegetation", 21, (107, 142, 35), True),
    KnownClass("terrain", 22, (152, 251, 152), True),
    KnownClass("sky", 23, (70, 130, 180), True),
    KnownClass("person", 24, (220, 20, 60), True, True),
    KnownClass("rider", 25, (255, 0, 0), True, True),
    KnownClass("car", 26, (0, 0, 142), True, True),
    KnownClass("truck", 27, (0, 0, 70), True, True),
    KnownClass("bus", 28, (0, 60, 100), True, True),
    KnownClass("caravan", 29, (0, 0, 90), False, True),
    KnownClass("trailer", 30, (0, 0, 110), False, True),
    KnownClass("train", 31, (0, 80, 100), True, True),
    KnownClass("motorcycle", 32, (0, 0, 230), True, True),
    KnownClass("bicycle", 33, (119, 11, 32), True, True),
)
