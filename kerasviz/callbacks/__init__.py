"""Callbacks: they look on while a model trains, and may steer it."""

from kerasviz.callbacks.backup import BackupAndRestore
from kerasviz.callbacks.base import Callback
from kerasviz.callbacks.checkpoints import ModelCheckpoint
from kerasviz.callbacks.ema import SwapEMAWeights
from kerasviz.callbacks.lists import CallbackList
from kerasviz.callbacks.logs import CSVLogger, History, LambdaCallback
from kerasviz.callbacks.monitor import MonitorCallback, check_monitors
from kerasviz.callbacks.orbax import OrbaxCheckpoint
from kerasviz.callbacks.progress import ProgbarLogger
from kerasviz.callbacks.remote import RemoteMonitor
from kerasviz.callbacks.schedules import LearningRateScheduler, ReduceLROnPlateau
from kerasviz.callbacks.stopping import EarlyStopping, TerminateOnNaN
from kerasviz.callbacks.tensorboard import TensorBoard
from kerasviz.declare import Family

FAMILY = Family("callback", module="keras.callbacks", namespace=globals(), base=Callback)

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "MonitorCallback",
    "OrbaxCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
    "check_monitors",
]
