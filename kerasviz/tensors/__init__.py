"""What data is: variables, dtypes, devices, and symbols for tensors that are not there yet."""

from kerasviz.tensors import settings
from kerasviz.tensors.convert import convert_to_numpy, convert_to_tensor
from kerasviz.tensors.dtypes import (
    DTypePolicy,
    dtype_policy,
    is_float,
    set_dtype_policy,
    standardize_dtype,
    torch_dtype,
)
from kerasviz.tensors.promotion import result_type
from kerasviz.tensors.settings import default_device, set_device, standardize_data_format
from kerasviz.tensors.structure import is_shape, leaves, map_leaves
from kerasviz.tensors.symbolic import (
    OPERATORS,
    FunctionOperation,
    KerasTensor,
    Node,
    Operation,
    any_symbolic,
    infer,
    is_keras_tensor,
    record,
    record_function,
    reset_names,
    unique_name,
)
from kerasviz.tensors.variable import Variable, in_memory_order

__all__ = [
    "OPERATORS",
    "DTypePolicy",
    "FunctionOperation",
    "KerasTensor",
    "Node",
    "Operation",
    "Variable",
    "any_symbolic",
    "convert_to_numpy",
    "convert_to_tensor",
    "default_device",
    "dtype_policy",
    "in_memory_order",
    "infer",
    "is_float",
    "is_keras_tensor",
    "is_shape",
    "leaves",
    "map_leaves",
    "record",
    "record_function",
    "reset_names",
    "result_type",
    "set_device",
    "set_dtype_policy",
    "settings",
    "standardize_data_format",
    "standardize_dtype",
    "torch_dtype",
    "unique_name",
]
