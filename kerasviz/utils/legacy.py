"""Objects as configs in the form of Keras 1 and 2."""

from kerasviz.legacy.saving import deserialize_keras_object, serialize_keras_object

__all__ = ["deserialize_keras_object", "serialize_keras_object"]
