import { useState } from "react";

import { useSession } from "../bridge/context";
import type { Shared } from "../bridge/session";
import { useStore } from "../bridge/store";
import type { SummaryRow } from "../contract";
import { bytes, count, grouped, shapeChip, shapeTuple } from "../graph/format";
import { FailureNote } from "../ui/Notice";
import { TEXT } from "../ui/text";
import { useAnswer } from "./useAnswer";

type Column = "index" | "params" | "memory_bytes" | "macs";

const revisionOf = (state: Shared) => state.analysed;

function Bar({ value, most }: { value: number; most: number }) {
  return <i className="kv-cell-bar" style={{ width: `${most > 0 ? (value / most) * 100 : 0}%` }} />;
}

function byColumn(rows: SummaryRow[], column: Column): SummaryRow[] {
  return column === "index" ? rows : [...rows].sort((a, b) => b[column] - a[column]);
}

/** The better summary: every call with shapes, parameters, memory and work. */
export function LayerTable({ chosen, onChoose }: { chosen: string | null; onChoose(call: string): void }) {
  const session = useSession();
  const revision = useStore(session.shared, revisionOf);
  const [column, setColumn] = useState<Column>("index");
  const { answer, failure } = useAnswer("summary", {}, revision);
  if (failure) return <FailureNote failure={failure} />;
  const rows = answer?.result.rows ?? [];
  const totals = answer?.result.totals ?? {};
  const numbers: [Exclude<Column, "index">, string, (value: number) => string][] = [
    ["params", TEXT.inspect.params, (value) => (value < 1e6 ? grouped(value) : count(value))],
    ["memory_bytes", TEXT.inspect.memory, bytes],
    ["macs", TEXT.inspect.macs, count],
  ];
  const heads = (
    <tr>
      <th scope="col">
        <button type="button" onClick={() => setColumn("index")}>
          {TEXT.inspect.name}
        </button>
      </th>
      <th scope="col">{TEXT.inspect.shape}</th>
      {numbers.map(([name, label]) => (
        <th key={name} scope="col" className="kv-number" aria-sort={column === name ? "descending" : "none"}>
          <button type="button" onClick={() => setColumn(column === name ? "index" : name)}>
            {label}
          </button>
        </th>
      ))}
    </tr>
  );
  return (
    <div className="kv-table-box">
      <table className="kv-table">
        <thead>{heads}</thead>
        <tbody>
          {byColumn(rows, column).map((row) => (
            <tr key={row.call} aria-selected={row.call === chosen} onClick={() => onChoose(row.call)}>
              <th scope="row">
                <button type="button" className="kv-link" onClick={() => onChoose(row.call)}>
                  {row.name}
                </button>
                <small>{row.kind}</small>
              </th>
              <td>
                <code title={row.shape ? shapeTuple(row.shape) : undefined}>
                  {row.shape ? shapeChip(row.shape) : "?"}
                </code>
              </td>
              {numbers.map(([name, , show]) => (
                <td key={name} className="kv-number">
                  {row[name] ? show(row[name]) : "–"}
                  <Bar value={row[name]} most={Math.max(...rows.map((other) => other[name]))} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{TEXT.inspect.total}</th>
            <td />
            {numbers.map(([name, , show]) => (
              <td key={name} className="kv-number">
                {show(totals[name] ?? rows.reduce((sum, row) => sum + row[name], 0))}
              </td>
            ))}
          </tr>
        </tfoot>
      </table>
    </div>
  );
}
