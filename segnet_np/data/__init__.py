"""Street scenes, image folders, crops, augmentation, batches, class weights."""

from segnet_np.data.augment import random_colour, random_flip
from segnet_np.data.batches import Batches, Dataset
from segnet_np.data.class_weights import PUBLISHED_CAMVID, median_frequency_weights
from segnet_np.data.classes import CAMVID, Classes, colourise
from segnet_np.data.crops import random_crop
from segnet_np.data.scenes import Scenes, street_scene

__all__ = [
    "CAMVID",
    "PUBLISHED_CAMVID",
    "Batches",
    "Classes",
    "Dataset",
    "Scenes",
    "colourise",
    "median_frequency_weights",
    "random_colour",
    "random_crop",
    "random_flip",
    "street_scene",
]
