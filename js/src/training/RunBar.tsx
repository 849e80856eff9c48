import { useEffect, useRef, useState } from "react";

import { useSession } from "../bridge/context";
import { failureOf } from "../bridge/request";
import { useTrait } from "../bridge/useTrait";
import type { Failure, RunState, StopHow } from "../contract";
import { count, duration, figure } from "../graph/format";
import { Button, IconButton } from "../ui/Button";
import { FailureNote } from "../ui/Notice";
import { TEXT } from "../ui/text";

const ACTIVE: ReadonlySet<RunState> = new Set(["preparing", "running", "validating", "pausing", "paused", "stopping"]);

export function isActive(state: RunState): boolean {
  return ACTIVE.has(state);
}

type Command = "run" | "pause" | "resume" | "step" | "step_epoch";

function useCommands() {
  const session = useSession();
  const [refused, setRefused] = useState<Failure | null>(null);
  const failed = (error: unknown) => setRefused(failureOf(error));
  const give = (command: Command) => {
    setRefused(null);
    session.ask(command, {}).catch(failed);
  };
  const stop = (how: StopHow) => {
    setRefused(null);
    session.ask("stop", { how }).catch(failed);
  };
  return { give, stop, refused, dismiss: () => setRefused(null) };
}

/** A button that does nothing for now, and keeps the keyboard's focus: a disabled one would lose it. */
function unless(off: boolean, act: () => void) {
  return { "aria-disabled": off || undefined, onClick: () => !off && act() };
}

const STOPS: [StopHow, string, string][] = [
  ["now", TEXT.run.stopNow, TEXT.run.stopNowHint],
  ["epoch", TEXT.run.stopEpoch, TEXT.run.stopEpochHint],
  ["best", TEXT.run.stopBest, TEXT.run.stopBestHint],
];

function StopMenu({ onStop, disabled }: { onStop(how: StopHow): void; disabled: boolean }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (open) box.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
  }, [open]);
  const close = () => {
    setOpen(false);
    box.current?.querySelector<HTMLElement>("[aria-haspopup]")?.focus();
  };
  const move = (step: number) => {
    const items = [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const here = items.indexOf(document.activeElement as HTMLElement);
    items[(here + step + items.length) % items.length]?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the menu inside
    <div
      className="kv-split"
      ref={box}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setOpen(false)}
      onKeyDown={(event) => {
        if (event.key === "Escape" && open) {
          event.stopPropagation();
          close();
        } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
          event.preventDefault();
          move(event.key === "ArrowDown" ? 1 : -1);
        }
      }}
    >
      <Button icon="stop" {...unless(disabled, () => onStop("now"))}>
        {TEXT.run.stop}
      </Button>
      <IconButton
        icon="chevron"
        label={TEXT.run.stopMenu}
        aria-haspopup="menu"
        aria-expanded={open}
        {...unless(disabled, () => setOpen(!open))}
      />
      {open && (
        <div className="kv-menu" role="menu">
          {STOPS.map(([how, label, hint]) => (
            <button
              key={how}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                close();
                onStop(how);
              }}
            >
              <b>{label}</b>
              <small>{hint}</small>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

function Fact({ name, value, title }: { name: string; value: string; title?: string }) {
  return (
    <span className="kv-fact" title={title}>
      <b>{value}</b> {name}
    </span>
  );
}

function Facts() {
  const [progress] = useTrait("progress");
  const { elapsed_seconds, eta_seconds, samples_per_second, step_ms, learning_rate } = progress;
  return (
    <div className="kv-run-facts">
      {typeof elapsed_seconds === "number" && <Fact name={TEXT.run.elapsed} value={duration(elapsed_seconds)} />}
      {typeof eta_seconds === "number" && <Fact name={TEXT.run.left} value={duration(eta_seconds)} />}
      {typeof samples_per_second === "number" && (
        <Fact name={TEXT.run.samples} value={count(Math.round(samples_per_second))} />
      )}
      {typeof step_ms === "number" && <Fact name={TEXT.run.perStep} value={figure(Number(step_ms.toPrecision(3)))} />}
      {typeof learning_rate === "number" && (
        <Fact name={TEXT.run.rate} value={figure(Number(learning_rate.toPrecision(3)))} />
      )}
    </div>
  );
}

function Progress({ state }: { state: RunState }) {
  const [epoch] = useTrait("epoch");
  const [epochs] = useTrait("epochs");
  const [batch] = useTrait("batch");
  const [batches] = useTrait("batches");
  const within = batches && isActive(state) && state !== "validating" ? Math.min(1, batch / batches) : 0;
  const done = epochs > 0 ? Math.min(1, state === "finished" ? 1 : (Math.max(0, epoch - 1) + within) / epochs) : 0;
  return (
    <div className="kv-progress">
      {epochs > 0 && (
        <span className="kv-counts">
          {TEXT.run.epoch} <b>{epoch}</b>/{epochs}
          {batches !== null && isActive(state) && (
            <>
              {" "}
              <span className="kv-batch">
                {TEXT.run.batch} <b>{batch}</b>/{batches}
              </span>
            </>
          )}
        </span>
      )}
      <div
        className="kv-bar"
        data-busy={state === "preparing" || state === "validating"}
        role="progressbar"
        aria-label={TEXT.run.progress}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(done * 100)}
      >
        <i style={{ width: `${done * 100}%` }} />
        <u style={{ width: `${within * 100}%` }} />
      </div>
    </div>
  );
}

/** The controls of a run, always in view. */
export function RunBar({ children }: { children?: React.ReactNode }) {
  const { give, stop, refused, dismiss } = useCommands();
  const [state] = useTrait("state");
  const [message] = useTrait("message");
  const active = isActive(state);
  const paused = state === "paused" || state === "pausing";
  const main = paused ? "resume" : active ? "pause" : "run";
  return (
    <>
      <div className="kv-run" role="toolbar" aria-label={TEXT.run.label} data-state={state}>
        <div className="kv-run-buttons">
          <Button
            icon={main === "pause" ? "pause" : "play"}
            look="primary"
            className="kv-main"
            title={main === "run" ? "Ctrl+Enter" : undefined}
            {...unless(state === "stopping", () => give(main))}
          >
            {TEXT.run[main]}
          </Button>
          <IconButton
            icon="step"
            label={`${TEXT.run.step}: ${TEXT.run.stepHint}`}
            {...unless(active && !paused, () => give("step"))}
          />
          <IconButton
            icon="stepEpoch"
            label={TEXT.run.stepEpoch}
            {...unless(active && !paused, () => give("step_epoch"))}
          />
          <StopMenu onStop={stop} disabled={!active || state === "stopping"} />
        </div>
        <span className={`kv-state kv-state-${state}`} role="status">
          <i />
          {TEXT.run.states[state]}
        </span>
        <Progress state={state} />
        <Facts />
        {message && (
          <span key={message} className="kv-run-note" role="status" title={message}>
            {message}
          </span>
        )}
        {children}
      </div>
      {refused && (
        <div className="kv-run-failure">
          <div>
            <FailureNote failure={refused} />
          </div>
          <IconButton icon="close" label={TEXT.run.dismiss} onClick={dismiss} />
        </div>
      )}
    </>
  );
}
