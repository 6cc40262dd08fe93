"""Street scenes, image folders, crops, augmentation, batches, class weights."""

from segnet_np.data.augment import Changes, random_colour, random_flip, random_light
from segnet_np.data.batches import Batches, Dataset
from segnet_np.data.class_weights import PUBLISHED, PUBLISHED_CAMVID, median_frequency_weights
from segnet_np.data.classes import CAMVID, Classes, colourise
from segnet_np.data.crops import random_crop, random_zoomed_crop
from segnet_np.data.folders import Folder
from segnet_np.data.inspect import Inspection, inspect_folder
from segnet_np.data.label_colours import decode_colours
from segnet_np.data.pictures import read_image, read_labels
from segnet_np.data.scenes import Scenes, street_scene

__all__ = [
    "CAMVID",
    "PUBLISHED",
    "PUBLISHED_CAMVID",
    "Batches",
    "Changes",
    "Classes",
    "Dataset",
    "Folder",
    "Inspection",
    "Scenes",
    "colourise",
    "decode_colours",
    "inspect_folder",
    "median_frequency_weights",
    "random_colour",
    "random_crop",
    "random_flip",
    "random_light",
    "random_zoomed_crop",
    "read_image",
    "read_labels",
    "street_scene",
]
