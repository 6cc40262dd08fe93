"""Exercise: the parameters of SegNet, counted by hand."""

from collections.abc import Sequence

from segnet_np.lessons.exercise import Case, Exercise, Mistake

# Convolutions in each stage, and channels in units of the width: VGG-16's.
STAGES = (2, 2, 3, 3, 3)
TIMES = (1, 2, 4, 8, 8)


def solution(in_channels: int, num_classes: int, width: int) -> tuple[int, int, int]:
    """Go through the layers in their order, the channels of each into those of the next."""
    encoder = decoder = 0
    channels = in_channels
    for count, times in zip(STAGES, TIMES, strict=True):
        for _ in range(count):
            out_channels = times * width
            encoder += 9 * channels * out_channels + out_channels  # 3x3 kernels, a bias for each output
            encoder += 2 * out_channels  # batch norm: weight and bias
            channels = out_channels
    for stage in (5, 4, 3, 2, 1):
        for k in range(STAGES[stage - 1], 0, -1):
            if stage == 1 and k == 1:
                # conv11d is the classifier
                continue
            # The last convolution of a stage goes down to the channels of the stage below.
            out_channels = TIMES[stage - 2] * width if k == 1 else channels
            decoder += 9 * channels * out_channels + out_channels + 2 * out_channels
            channels = out_channels
    classifier = 9 * channels * num_classes + num_classes
    return encoder, decoder, classifier


def cases() -> Sequence[Case]:
    return [
        Case("width 1, one channel in and two classes", (1, 2, 1)),
        Case("width 4", (3, 11, 4)),
        Case("the paper's net", (3, 11, 64)),
        Case("another number of classes, and grey pictures", (1, 5, 16)),
    ]


def _counted(
    in_channels: int,
    num_classes: int,
    width: int,
    taps: int = 9,
    bias: int = 1,
    norm: int = 2,
    classifier_norm: int = 0,
    narrowing: str = "last",
    encoder_wide: bool = False,
) -> tuple[int, int, int]:
    """Count with something left out or too much; the defaults are right."""
    encoder = decoder = 0
    channels = in_channels
    for count, times in zip(STAGES, TIMES, strict=True):
        for _ in range(count):
            out = times * width
            encoder += taps * (out if encoder_wide else channels) * out + (bias + norm) * out
            channels = out
    for stage in (5, 4, 3, 2, 1):
        below = TIMES[max(stage - 2, 0)] * width
        for k in range(STAGES[stage - 1], 1 if stage == 1 else 0, -1):
            first = k == STAGES[stage - 1]
            narrows = {"last": k == 1, "first": first}[narrowing]
            out = below if narrows and stage > 1 else channels
            decoder += taps * channels * out + (bias + norm) * out
            channels = out
    return encoder, decoder, taps * channels * num_classes + (bias + classifier_norm) * num_classes


def _no_biases(in_channels: int, num_classes: int, width: int) -> tuple[int, int, int]:
    return _counted(in_channels, num_classes, width, bias=0)


def _no_norms(in_channels: int, num_classes: int, width: int) -> tuple[int, int, int]:
    return _counted(in_channels, num_classes, width, norm=0)


def _statistics_too(in_channels: int, num_classes: int, width: int) -> tuple[int, int, int]:
    return _counted(in_channels, num_classes, width, norm=4)


def _one_tap(in_channels: int, num_classes: int, width: int) -> tuple[int, int, int]:
    return _counted(in_channels, num_classes, width, taps=1)


def _three_taps(in_channels: int, num_classes: int, width: int) -> tuple[int, int, int]:
    return _counted(in_channels, num_classes, width, taps=3)


def _norm_after_classifier(in_channels: int, num_classes: int, width: int) -> tuple[int, int, int]:
    return _counted(in_channels, num_classes, width, classifier_norm=2)


def _narrows_first(in_channels: int, num_classes: int, width: int) -> tuple[int, int, int]:
    return _counted(in_channels, num_classes, width, narrowing="first")


def _encoder_square(in_channels: int, num_classes: int, width: int) -> tuple[int, int, int]:
    return _counted(in_channels, num_classes, width, encoder_wide=True)


def _always_rgb(in_channels: int, num_classes: int, width: int) -> tuple[int, int, int]:
    return solution(3, num_classes, width)


def _decoder_as_encoder(in_channels: int, num_classes: int, width: int) -> tuple[int, int, int]:
    encoder, _, classifier = solution(in_channels, num_classes, width)
    return encoder, encoder, classifier


def _encoders_direction(in_channels: int, num_classes: int, width: int) -> tuple[int, int, int]:
    encoder, _, classifier = solution(in_channels, num_classes, width)
    first = 9 * in_channels * width + 3 * width
    return encoder, encoder - first, classifier


def _classifier_in_decoder(in_channels: int, num_classes: int, width: int) -> tuple[int, int, int]:
    encoder, decoder, classifier = solution(in_channels, num_classes, width)
    return encoder, decoder + classifier, classifier


EXERCISE = Exercise(
    name="count_parameters",
    lesson="07",
    task="""Write `count_parameters(in_channels, num_classes, width)`: how many numbers SegNet learns. Return
three whole numbers `(encoder, decoder, classifier)`. The encoder's five stages have 2, 2, 3, 3 and 3
convolutions with 1, 2, 4, 8 and 8 times `width` channels. The decoder mirrors them from the fifth stage to
the first, and the last convolution of each stage goes down to the channels of the stage below; the very last
one, `conv11d`, is the classifier. All kernels are 3x3, each convolution has biases, and behind each but the
classifier comes a batch norm with a weight and a bias for each channel.""",
    outputs=("encoder", "decoder", "classifier"),
    solution=solution,
    cases=cases,
    hints=(
        "How many numbers does one 3x3 convolution from C to O channels have? Try "
        "`print(snp.layers.Conv2d(2, 3, 3).weight.data.shape)`, and do not forget its biases.",
        "One convolution has 9 * C * O weights and O biases, its batch norm 2 * O. Let a variable hold the "
        "channels that come out of one layer, because they are those that go into the next.",
        "In the decoder: for stage 5, 4, 3, 2, 1, and in it for k = STAGES[stage - 1] down to 1: O is the "
        "number of channels of the stage below if k == 1, else O = C. Leave out stage 1's k == 1: that is "
        "the classifier, a convolution without batch norm.",
    ),
    mistakes=(
        Mistake(_no_biases, "The biases of the convolutions are missing: one for each output channel."),
        Mistake(
            _no_norms,
            "The batch norms are missing: behind each convolution but the classifier, a weight and a bias "
            "for each channel.",
        ),
        Mistake(
            _statistics_too,
            "Running mean and variance were counted too. They are kept in the weights' file, but no "
            "gradient ever reaches them, so they are no parameters.",
        ),
        Mistake(_one_tap, "A 3x3 kernel has nine numbers for each pair of channels, and here it has one."),
        Mistake(
            _three_taps, "A 3x3 kernel has nine numbers for each pair of channels, and here it has three."
        ),
        Mistake(
            _norm_after_classifier,
            "The classifier got a batch norm. Its numbers are the logits: nothing comes after them but the "
            "softmax.",
        ),
        Mistake(
            _narrows_first,
            "The decoder narrows in the first convolution of a stage. It is the last one that goes down to "
            "the channels of the stage below (41d: 512 to 256), which is the mirror of the encoder, where "
            "the first one widens.",
        ),
        Mistake(
            _encoder_square,
            "In the encoder every convolution has as many input as output channels here. The first of a "
            "stage takes what the stage before gives, and the very first takes the picture's channels.",
        ),
        Mistake(
            _always_rgb,
            "The first convolution always takes three channels here; it takes `in_channels`, and a grey "
            "picture has one.",
        ),
        Mistake(
            _decoder_as_encoder,
            "The decoder was given the encoder's number. It has no conv11, but conv11d, the classifier, "
            "which is counted apart; and biases and batch norms go with the channels that come *out*, "
            "which are fewer where the decoder narrows.",
        ),
        Mistake(
            _encoders_direction,
            "The decoder's layers were counted in the encoder's direction. Where the decoder narrows, fewer "
            "channels come out than go in, and biases and batch norms go with those that come out.",
        ),
        Mistake(_classifier_in_decoder, "conv11d was counted twice: in the decoder and as the classifier."),
    ),
    see="segnet_np/models/segnet.py, SegNet.__init__",
)
