"""Random sound documents, for properties that must hold for all."""

from hypothesis import strategies as st

from kerasviz.document.document import Document
from kerasviz.document.edits import add, rename, share
from kerasviz.document.inference import Inference
from kerasviz.document.patch import apply

ON_MAPS = [
    ("Conv2D", {"filters": 4, "kernel_size": 3, "padding": "same"}),
    ("Conv2D", {"filters": 4, "kernel_size": [3, 1], "padding": "same", "activation": "relu", "strides": 1}),
    (
        "Conv2D",
        {
            "filters": 4,
            "kernel_size": 1,
            "use_bias": False,
            "kernel_initializer": "he_normal",
            "kernel_regularizer": {"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.001}},
        },
    ),
    ("BatchNormalization", {"momentum": 0.9}),
    ("ReLU", {}),
    ("MaxPooling2D", {"pool_size": 1}),
    ("Dropout", {"rate": 0.25}),
]
ON_VECTORS = [
    ("Dense", {"units": 5}),
    ("Dense", {"units": 5, "activation": "softmax", "bias_initializer": "ones"}),
    ("LayerNormalization", {"epsilon": 1e-05}),
    ("Activation", {"activation": "tanh"}),
]
MERGES = ["Add", "Multiply", "Average", "Concatenate"]
NAMES = ["encoder", "a b", 'x"); import os #', "for", "print", "keras", "été", "x"]


@st.composite
def documents(draw, size=12):
    """A connected document with inputs, layers, merges, shared layers and names."""
    document = Document()

    def do(change):
        nonlocal document
        document, _ = apply(document, change)
        return next(iter(change["set"]["calls"]))

    shapes = draw(st.lists(st.sampled_from([[6, 6, 3], [5]]), min_size=1, max_size=2))
    ends = [do(add(document, "Input", {"shape": shape})) for shape in shapes]
    inference = Inference()
    for _ in range(draw(st.integers(1, size))):
        known = inference.update(document)
        source = draw(st.sampled_from(ends))
        shape = known[source].shapes[0]
        equal = [end for end in ends if known[end].shapes[0] == shape and end != source]
        if equal and draw(st.booleans()):
            ends.append(do(add(document, draw(st.sampled_from(MERGES)), after=[source, draw(st.sampled_from(equal))])))
            continue
        sharable = [
            call
            for call in document.calls
            if document.kind_of(call) in ("Dense", "Conv2D") and known[call].inputs[0][0] == shape
        ]
        if sharable and draw(st.integers(0, 3)) == 0:
            ends.append(do(share(document, draw(st.sampled_from(sharable)), after=source)))
            continue
        kind, args = draw(st.sampled_from(ON_MAPS if len(shape) == 4 else ON_VECTORS))
        if len(shape) == 4 and draw(st.integers(0, 5)) == 0:
            kind, args = "Flatten", {}
        ends.append(do(add(document, kind, args, after=source)))
        if draw(st.integers(0, 4)) == 0:
            name = draw(st.sampled_from(NAMES))
            if name not in {document.name_of(call) for call in document.calls}:
                document, _ = apply(document, rename(document, ends[-1], name))
    return document
