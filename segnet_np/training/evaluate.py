"""Judge a net by whole pictures."""

import numpy as np
from tqdm.auto import tqdm

from segnet_np.data.batches import Dataset
from segnet_np.models.net import Net
from segnet_np.training.boundary_f1 import boundary_f1
from segnet_np.training.metrics import Metrics, confusion_matrix


def evaluate(net: Net, dataset: Dataset, progress: bool = False, boundaries: bool = True) -> Metrics:
    """Predict every picture of a data set, whole, as the net predicts, and hold it against its labels.

    Parameters
    ----------
    net : Net
    dataset : Dataset
        Its pictures may be of different sizes. Its ignored label is not counted.
    progress : bool
        Show a progress bar.
    boundaries : bool
        Measure the boundary F1 of each picture, too, which takes a moment for each class in it.

    Returns
    -------
    metrics : Metrics
        Of one confusion matrix over all pictures, and of the boundaries of each.

    Raises
    ------
    ValueError
        When net and data set have other classes, by number or, if the net knows them, by name; when a picture
        is too small for the net, or its labels are not of its size or hold values that are no class: the
        message names the picture.
    """
    classes = dataset.classes
    if classes.num_classes != net.num_classes:
        raise ValueError(
            f"evaluate: a net of {net.num_classes} classes does not go with data of {classes.num_classes}"
        )
    if net.class_names not in (None, classes.names):
        raise ValueError(
            f"evaluate: a net of the classes {', '.join(net.class_names or ())} does not go with data of "
            f"{', '.join(classes.names)}"
        )
    confusion = np.zeros((net.num_classes, net.num_classes), np.int64)
    boundary_scores = np.empty((len(dataset), net.num_classes)) if boundaries else None
    for k in tqdm(range(len(dataset)), desc="evaluating", unit="picture", leave=False, disable=not progress):
        image, labels = dataset[k]
        try:
            predicted, _ = net.predict(image)
            confusion += confusion_matrix(labels, predicted, net.num_classes, classes.ignore_index)
            if boundary_scores is not None:
                boundary_scores[k] = boundary_f1(labels, predicted, net.num_classes, classes.ignore_index)
        except ValueError as error:
            raise ValueError(f"{dataset.name(k)}: {error}") from error
    return Metrics(confusion, classes.names, boundary_scores)
