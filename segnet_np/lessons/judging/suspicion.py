"""What is thought to be wrong with an answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Suspicion:
    """What kind of fault it is, what can be said for sure, and where it probably comes from.

    Attributes
    ----------
    kind : str
    said : str
        A fact, a sentence.
    cause : str
        A guess, to stand behind "Likely cause:".
    vague : bool
        Whether the guess is advice on how to look, so that what the failing cases share is worth saying.
    """

    kind: str
    said: str
    cause: str
    vague: bool = False
