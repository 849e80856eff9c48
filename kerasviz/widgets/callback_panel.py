"""The callback panel: which callbacks take part in training, and with what arguments."""

from __future__ import annotations

import traitlets as t

from kerasviz.widgets.base import Widget, synced


class CallbackPanel(Widget):
    """Callbacks that can be switched on and off, also while training runs."""

    callbacks = synced(t.List(t.Dict()), "The callbacks, their switches and arguments.", record="CallbackData")
