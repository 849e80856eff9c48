"""What the `with` statements around the code of a thread have set: `scopes` has these statements."""

import threading
from typing import Any


class Scopes(threading.local):
    """The innermost of each kind."""

    stateless: Any = None
    symbolic: int = 0
    unused: int = 0  # objects are made to be asked, and not to be used
    path: tuple[str, ...] = ()  # of names: what is made now has its path below
    caller: Any = None
    remat: Any = None


SCOPES = Scopes()
