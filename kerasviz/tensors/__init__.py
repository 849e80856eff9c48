"""What data is: variables, dtypes, devices, and symbols for tensors that are not there yet."""

from kerasviz.tensors import settings
from kerasviz.tensors.convert import convert_to_numpy, convert_to_tensor, names_texts
from kerasviz.tensors.dtypes import is_float, standardize_dtype, torch_dtype
from kerasviz.tensors.naming import clear_session, get_uid, reset_names, unique_name
from kerasviz.tensors.policies import DTypePolicy, FloatDTypePolicy, dtype_policy
from kerasviz.tensors.policy_family import set_dtype_policy
from kerasviz.tensors.policy_map import DTypePolicyMap
from kerasviz.tensors.promotion import result_type
from kerasviz.tensors.quantized import (
    AWQDTypePolicy,
    GPTQDTypePolicy,
    Int4DTypePolicy,
    QuantizedDTypePolicy,
    QuantizedFloat8DTypePolicy,
)
from kerasviz.tensors.scope_state import SCOPES
from kerasviz.tensors.scopes import (
    RematScope,
    StatelessScope,
    SymbolicScope,
    current_remat,
    current_scope,
    drawn_seed,
    in_symbolic_scope,
    name_scope,
    remat,
    unused_objects,
)
from kerasviz.tensors.seeds import Seed, SeedGenerator, seeds_from
from kerasviz.tensors.settings import default_device, device, set_device, standardize_data_format
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
)
from kerasviz.tensors.variable import Variable, in_memory_order

__all__ = [
    "OPERATORS",
    "AWQDTypePolicy",
    "DTypePolicy",
    "DTypePolicyMap",
    "FloatDTypePolicy",
    "FunctionOperation",
    "GPTQDTypePolicy",
    "Int4DTypePolicy",
    "KerasTensor",
    "Node",
    "Operation",
    "QuantizedDTypePolicy",
    "QuantizedFloat8DTypePolicy",
    "RematScope",
    "SCOPES",
    "Seed",
    "SeedGenerator",
    "StatelessScope",
    "SymbolicScope",
    "Variable",
    "any_symbolic",
    "clear_session",
    "convert_to_numpy",
    "convert_to_tensor",
    "current_remat",
    "current_scope",
    "default_device",
    "device",
    "drawn_seed",
    "dtype_policy",
    "get_uid",
    "in_memory_order",
    "in_symbolic_scope",
    "infer",
    "is_float",
    "is_keras_tensor",
    "is_shape",
    "leaves",
    "map_leaves",
    "name_scope",
    "names_texts",
    "record",
    "record_function",
    "remat",
    "reset_names",
    "result_type",
    "seeds_from",
    "set_device",
    "set_dtype_policy",
    "settings",
    "standardize_data_format",
    "standardize_dtype",
    "torch_dtype",
    "unique_name",
    "unused_objects",
]
