"""Judge a net by whole pictures."""

import numpy as np
from tqdm.auto import tqdm

from segnet_np.data.batches import Dataset
from segnet_np.models.net import Net
from segnet_np.training.metrics import Metrics, confusion_matrix


def evaluate(net: Net, dataset: Dataset, progress: bool = False) -> Metrics:
    """Predict every picture of a data set, whole and unchanged, and count.

    Parameters
    ----------
    net : Net
    dataset : Dataset
        Its ignored label is not counted.
    progress : bool
        Show a progress bar.

    Returns
    -------
    metrics : Metrics
        Of one confusion matrix over all pictures.

    Raises
    ------
    ValueError
        When net and data set have different numbers of classes, or a picture is too small for the net.
    """
    classes = dataset.classes
    if classes.num_classes != net.num_classes:
        raise ValueError(
            f"evaluate: a net of {net.num_classes} classes does not go with data of {classes.num_classes}"
        )
    confusion = np.zeros((net.num_classes, net.num_classes), np.int64)
    for k in tqdm(range(len(dataset)), desc="evaluating", unit="picture", disable=not progress):
        image, labels = dataset[k]
        try:
            predicted, _ = net.predict(image)
        except ValueError as error:
            raise ValueError(f"{dataset.name(k)}: {error}") from error
        confusion += confusion_matrix(labels, predicted, net.num_classes, classes.ignore_index)
    return Metrics(confusion, classes.names)
