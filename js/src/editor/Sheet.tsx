import { useEffect, useRef, useState } from "react";

import { useStore } from "../bridge/store";
import { IconButton } from "../ui/Button";
import { TEXT } from "../ui/text";
import { type Command, findCommands, keyNames } from "./commands";
import { useEditor } from "./context";
import { sheetOf } from "./selectors";

const MAC = typeof navigator !== "undefined" && /mac/i.test(navigator.userAgent);

function Keys({ keys }: { keys: string[] }) {
  return (
    <span className="kv-keys">
      {keys.slice(0, 2).map((key) => (
        <span key={key}>
          {keyNames(key, MAC).map((name) => (
            <kbd key={name}>{name}</kbd>
          ))}
        </span>
      ))}
    </span>
  );
}

function groups(commands: Command[]): [string, Command[]][] {
  const found = new Map<string, Command[]>();
  for (const command of commands) found.set(command.group, [...(found.get(command.group) ?? []), command]);
  return [...found];
}

/** All commands with their keys; Enter does the first that fits. */
function Open() {
  const editor = useEditor();
  const [query, setQuery] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const close = () => {
    editor.page.set({ sheet: false });
    editor.focus(editor.page.get().focused);
  };
  const run = (command: Command | undefined) => {
    close();
    command?.run(editor);
  };
  const found = findCommands(query);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it
    // biome-ignore lint/a11y/noStaticElementInteractions: a click beside the sheet closes it
    <div className="kv-veil" onClick={(event) => event.target === event.currentTarget && close()}>
      <div
        className="kv-sheet"
        role="dialog"
        aria-modal="true"
        aria-label={TEXT.sheet.title}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          close();
        }}
      >
        <header>
          <h2>{TEXT.sheet.title}</h2>
          <IconButton icon="close" label={TEXT.sheet.close} onClick={close} />
        </header>
        <input
          ref={input}
          type="search"
          value={query}
          placeholder={TEXT.sheet.search}
          aria-label={TEXT.sheet.search}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && query && run(found[0])}
        />
        <div className="kv-sheet-groups">
          {found.length === 0 && <p className="kv-quiet">{TEXT.sheet.none}</p>}
          {groups(found).map(([group, commands]) => (
            <section key={group}>
              <h3>{group}</h3>
              {commands.map((command) => (
                <button key={command.id} type="button" className="kv-command" onClick={() => run(command)}>
                  <span>{command.label}</span>
                  <Keys keys={command.keys} />
                </button>
              ))}
            </section>
          ))}
        </div>
        <footer className="kv-quiet">{TEXT.sheet.leave}</footer>
      </div>
    </div>
  );
}

export function Sheet() {
  return useStore(useEditor().page, sheetOf) ? <Open /> : null;
}
