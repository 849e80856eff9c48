// What Tab offers in the quick-add box: layers, then their choices and arguments.

import type { Catalog, LayerSpec } from "../contract";
import { rarity } from "./popular";

export interface Suggestion {
  text: string;
  kind: string | null;
  doc: string;
}

const [EXACT, PREFIX, INSIDE, SUBSEQUENCE, IN_DOC, NOWHERE] = [0, 1, 2, 3, 4, Number.POSITIVE_INFINITY];

/** How a name fits a word: exactly, from its start, inside, or letter by letter. */
function rank(word: string, name: string): number {
  const low = name.toLowerCase();
  if (low === word) return EXACT;
  if (low.startsWith(word)) return PREFIX;
  if (low.includes(word)) return INSIDE;
  return isSubsequence(word, low) ? SUBSEQUENCE : NOWHERE;
}

export function isSubsequence(word: string, name: string): boolean {
  let at = 0;
  for (const letter of name) if (letter === word[at]) at += 1;
  return at === word.length;
}

export function findLayers(layers: LayerSpec[], word: string): LayerSpec[] {
  const query = word.trim().toLowerCase();
  if (query === "") return layers;
  const score = (spec: LayerSpec) => {
    const named = Math.min(...[spec.kind, ...spec.aliases].map((name) => rank(query, name)));
    if (Number.isFinite(named)) return named;
    return query.length > 2 && spec.doc?.toLowerCase().includes(query) ? IN_DOC : NOWHERE;
  };
  return layers
    .map((spec) => ({ spec, score: score(spec) }))
    .filter((entry) => Number.isFinite(entry.score))
    .sort(
      (a, b) =>
        a.score - b.score || rarity(a.spec.kind) - rarity(b.spec.kind) || a.spec.kind.length - b.spec.kind.length,
    )
    .map((entry) => entry.spec);
}

/** The word under the caret, and the words of its layer before it. */
export function currentWord(text: string, caret: number): { word: string; start: number; before: string[] } {
  const upto = text.slice(0, caret);
  const segment = upto.slice(upto.lastIndexOf(">") + 1);
  const word = /\S*$/.exec(segment)?.[0] ?? "";
  const before = segment
    .slice(0, segment.length - word.length)
    .trim()
    .split(/\s+/)
    .filter(Boolean);
  return { word, start: caret - word.length, before };
}

function words(catalog: Catalog, spec: LayerSpec): Suggestion[] {
  return spec.form.flatMap((field): Suggestion[] => {
    if (field.input === "named" && field.family === "activation") {
      return catalog.activations.map((text) => ({ text, kind: null, doc: field.name }));
    }
    if (field.choices) return field.choices.map((choice) => ({ text: String(choice), kind: null, doc: field.name }));
    return [{ text: `${field.name}=`, kind: null, doc: field.doc }];
  });
}

export function suggest(catalog: Catalog, text: string, caret: number, limit = 6): Suggestion[] {
  const { word, before } = currentWord(text, caret);
  if (before.length === 0) {
    if (word === "") return [];
    return findLayers(catalog.layers, word)
      .slice(0, limit)
      .map((spec) => ({ text: spec.aliases[0] ?? spec.kind, kind: spec.kind, doc: spec.doc ?? "" }));
  }
  const spec = findLayers(catalog.layers, before[0] as string)[0];
  if (!spec || word === "" || /^\d/.test(word)) return [];
  const low = word.toLowerCase();
  return words(catalog, spec)
    .filter((entry) => entry.text.toLowerCase() !== low && rank(low, entry.text) < SUBSEQUENCE)
    .sort((a, b) => rank(low, a.text) - rank(low, b.text) || a.text.length - b.text.length)
    .slice(0, limit);
}

/** The text with the word under the caret replaced. */
export function completed(text: string, caret: number, suggestion: Suggestion): { text: string; caret: number } {
  const { start } = currentWord(text, caret);
  const insert = suggestion.text.endsWith("=") ? suggestion.text : `${suggestion.text} `;
  const next = text.slice(0, start) + insert + text.slice(caret).replace(/^ /, "");
  return { text: next, caret: start + insert.length };
}
