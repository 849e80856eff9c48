"""The states of a run, what may follow what, and which command works where."""

from __future__ import annotations

from typing import Literal, get_args

State = Literal[
    "idle", "preparing", "running", "validating", "pausing", "paused", "stopping", "stopped", "finished", "failed"
]
Command = Literal["start", "pause", "resume", "step", "step_epoch", "stop"]

STATES: tuple[State, ...] = get_args(State)
COMMANDS: tuple[Command, ...] = get_args(Command)
ENDED: frozenset[State] = frozenset({"stopped", "finished", "failed"})
LIVE: frozenset[State] = frozenset(STATES) - ENDED - {"idle"}

FOLLOWS: dict[State, frozenset[State]] = {
    "idle": frozenset({"preparing", "stopped"}),
    "preparing": frozenset({"running", "pausing", "stopping", "finished", "failed"}),
    "running": frozenset({"validating", "pausing", "paused", "stopping", "finished", "failed"}),
    "validating": frozenset({"running", "pausing", "paused", "stopping", "finished", "failed"}),
    "pausing": frozenset({"preparing", "running", "validating", "paused", "stopping", "finished", "failed"}),
    "paused": frozenset({"preparing", "running", "validating", "stopping", "failed"}),
    "stopping": frozenset({"stopped", "failed"}),
    "stopped": frozenset(),
    "finished": frozenset(),
    "failed": frozenset(),
}

WORKS_IN: dict[Command, frozenset[State]] = {
    "start": frozenset({"idle"}),
    "pause": frozenset({"preparing", "running", "validating"}),
    "resume": frozenset({"pausing", "paused"}),
    "step": frozenset({"idle", "paused"}),
    "step_epoch": frozenset({"idle", "paused"}),
    "stop": frozenset({"idle", "preparing", "running", "validating", "pausing", "paused", "stopping"}),
}

SAYS: dict[State, str] = {
    "idle": "Training has not been started",
    "preparing": "Training is being prepared",
    "running": "Training is running",
    "validating": "The epoch is being validated",
    "pausing": "Training is about to pause",
    "paused": "Training is paused",
    "stopping": "Training is about to stop",
    "stopped": "Training has been stopped",
    "finished": "Training has finished",
    "failed": "Training has failed",
}

ADVICE: dict[Command, str] = {
    "start": "Start a new run to train on.",
    "pause": "There is nothing to pause.",
    "resume": "There is nothing to resume.",
    "step": "Pause it to go step by step.",
    "step_epoch": "Pause it to go epoch by epoch.",
    "stop": "There is nothing to stop.",
}


def refusal(command: Command, state: State) -> str:
    """Why a command does nothing in this state."""
    return f"{SAYS[state]}. {ADVICE[command]}"
