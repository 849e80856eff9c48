import { useEffect, useRef, useState } from "react";

import { useSession } from "../bridge/context";
import { failureOf } from "../bridge/request";
import { useStore } from "../bridge/store";
import { useTrait } from "../bridge/useTrait";
import type { Dialect, Failure, Package } from "../contract";
import { Button } from "../ui/Button";
import { copyText } from "../ui/clipboard";
import { FailureNote } from "../ui/Notice";
import { TEXT } from "../ui/text";
import { graphOf } from "./selectors";

const TOKENS =
  /(#.*$)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\b(import|from|as|def|return|class|None|True|False|for|in|with|if|else)\b|\b(\d+(?:\.\d+)?(?:e[+-]?\d+)?)\b|([A-Za-z_]\w*)(?=\()|([A-Za-z_]\w*)(?==[^=])/gm;
const CLASSES = ["comment", "string", "keyword", "number", "call", "argument"];

/** Python with its tokens marked for colour. */
function Highlighted({ code }: { code: string }) {
  const parts: (string | { text: string; kind: string; at: number })[] = [];
  let end = 0;
  for (const match of code.matchAll(TOKENS)) {
    const kind = match.slice(1).findIndex((group) => group !== undefined);
    parts.push(code.slice(end, match.index), { text: match[0], kind: CLASSES[kind] ?? "", at: match.index });
    end = match.index + match[0].length;
  }
  parts.push(code.slice(end));
  return parts.map((part) =>
    typeof part === "string" ? (
      part
    ) : (
      <span key={part.at} className={`kv-code-${part.kind}`}>
        {part.text}
      </span>
    ),
  );
}

function useCode(dialect: Dialect, source: Package): { code: string; failure: Failure | null } {
  const session = useSession();
  const graph = useStore(session.shared, graphOf);
  const [settings] = useTrait("settings");
  const [code, setCode] = useState("");
  const [failure, setFailure] = useState<Failure | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the code follows the graph and the settings
  useEffect(() => {
    let stale = false;
    const timer = setTimeout(() => {
      session.ask("code", { dialect, package: source }).then(
        ({ result }) => {
          if (stale) return;
          setCode(result.code);
          setFailure(null);
        },
        (error: unknown) => !stale && setFailure(failureOf(error)),
      );
    }, 120);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [session, dialect, source, graph, settings]);
  return { code, failure };
}

function WriteLine({
  write,
  label,
  start,
  said,
}: {
  write(path: string): Promise<{ result: { path: string } }>;
  label: string;
  start: string;
  said(path: string): string;
}) {
  const [path, setPath] = useState(start);
  const [note, setNote] = useState<string | Failure | null>(null);
  const submit = () =>
    write(path).then(
      ({ result }) => setNote(said(result.path)),
      (error: unknown) => setNote(failureOf(error)),
    );
  return (
    <form
      className="kv-write"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <input
        className="kv-input"
        value={path}
        aria-label={label}
        spellCheck={false}
        onChange={(event) => setPath(event.target.value)}
      />
      <Button icon="file" look="soft" type="submit">
        {label}
      </Button>
      {typeof note === "string" && (
        <p role="status" className="kv-quiet">
          {note}
        </p>
      )}
      {note && typeof note !== "string" && <FailureNote failure={note} />}
    </form>
  );
}

export function CodePanel() {
  const session = useSession();
  const [dialect, setDialect] = useState<Dialect>("functional");
  const [source, setSource] = useState<Package>("keras");
  const { code, failure } = useCode(dialect, source);
  const [copied, setCopied] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const copy = () =>
    copyText(code, box.current).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1600);
    });
  return (
    <div className="kv-code-panel" ref={box}>
      <div className="kv-row">
        <fieldset className="kv-segments" aria-label={TEXT.code.dialect}>
          {(["functional", "sequential"] as const).map((name) => (
            <button key={name} type="button" aria-pressed={dialect === name} onClick={() => setDialect(name)}>
              {TEXT.code[name]}
            </button>
          ))}
        </fieldset>
        <fieldset className="kv-segments" aria-label={TEXT.code.package}>
          {(["keras", "kerasviz"] as const).map((name) => (
            <button key={name} type="button" aria-pressed={source === name} onClick={() => setSource(name)}>
              {TEXT.code[name]}
            </button>
          ))}
        </fieldset>
        <Button icon={copied ? "check" : "copy"} look="soft" disabled={!code} onClick={copy} aria-live="polite">
          {copied ? TEXT.code.copied : TEXT.code.copy}
        </Button>
      </div>
      {failure ? (
        <FailureNote failure={failure} />
      ) : (
        <pre className="kv-code">
          {code ? (
            <code>
              <Highlighted code={code} />
            </code>
          ) : (
            TEXT.code.empty
          )}
        </pre>
      )}
      <WriteLine
        write={(path) => session.ask("write_code", { path, dialect, package: source })}
        label={TEXT.code.write}
        start="model.py"
        said={TEXT.code.written}
      />
      <WriteLine
        write={(path) => session.ask("save", { path })}
        label={TEXT.code.save}
        start="model.keras"
        said={TEXT.code.saved}
      />
    </div>
  );
}
