import pytest

from kerasviz.runs import states
from kerasviz.runs.states import COMMANDS, ENDED, FOLLOWS, STATES, WORKS_IN


def reach(run, gate, state, until):
    """Bring a gated run into a state."""
    if state == "idle":
        return
    run.start()
    if state in ("stopped", "finished", "failed"):
        gate.error = RuntimeError("broken") if state == "failed" else None
        if state == "stopped":
            run.stop()
        gate.open()
        run.wait(5)
        return
    if state == "preparing":
        return
    gate.let(9 if state == "validating" else 2)  # TestBegin is the ninth event
    until(lambda: run.state == ("validating" if state == "validating" else "running"))
    until(lambda: gate.permits._value == 0)
    if state in ("pausing", "paused"):
        run.pause()
    if state == "paused":
        gate.let()
        until(lambda: run.state == "paused")
    if state == "stopping":
        run.stop()


AFTER = {
    ("idle", "start"): "preparing",
    ("idle", "step"): "preparing",
    ("idle", "step_epoch"): "preparing",
    ("idle", "stop"): "stopped",
    ("preparing", "pause"): "pausing",
    ("preparing", "stop"): "stopping",
    ("running", "pause"): "pausing",
    ("running", "stop"): "stopping",
    ("validating", "pause"): "pausing",
    ("validating", "stop"): "stopping",
    ("pausing", "resume"): "running",
    ("pausing", "stop"): "stopping",
    ("paused", "resume"): "running",
    ("paused", "step"): "running",
    ("paused", "step_epoch"): "running",
    ("paused", "stop"): {"stopping", "stopped"},
    ("stopping", "stop"): "stopping",
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", COMMANDS)
def test_command_leads_to_the_state_of_the_table_or_changes_nothing(gated, until, state, command):
    run, gate = gated()
    reach(run, gate, state, until)
    assert run.state == state
    getattr(run, command)()
    expected = AFTER.get((state, command), state)
    assert run.state in ({expected} if isinstance(expected, str) else expected)


@pytest.mark.parametrize(("state", "command"), [(s, c) for s in STATES for c in COMMANDS if (s, c) not in AFTER])
def test_command_in_the_wrong_state_says_why_it_does_nothing(gated, until, state, command):
    run, gate = gated()
    reach(run, gate, state, until)
    getattr(run, command)()
    assert run.message == states.refusal(command, state)


def test_table_of_commands_names_exactly_what_has_an_effect():
    assert {(s, c) for c in COMMANDS for s in WORKS_IN[c]} == set(AFTER)


def test_an_ended_run_leads_nowhere():
    assert all(not FOLLOWS[state] for state in ENDED)


def test_every_state_can_be_reached():
    assert set().union(*FOLLOWS.values()) == set(STATES) - {"idle"}


@pytest.mark.parametrize("state", ["preparing", "running", "validating", "pausing", "paused", "stopping"])
def test_every_live_state_can_fail(state):
    assert "failed" in FOLLOWS[state]
