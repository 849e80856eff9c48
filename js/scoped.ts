// A step of the style sheets' build: every rule is put below our root, so that it outweighs the notebook's own rules
// for plain buttons and inputs (JupyterLab: `.jp-ThemedContainer button`) and reaches nothing outside.

interface Rule {
  selectors: string[];
  parent?: { type: string; name?: string };
}

function below(selector: string): string {
  return /^\.kv-(?!root)/.test(selector) ? `.kv-root ${selector}` : selector;
}

export const scoped = {
  postcssPlugin: "scoped",
  Rule(rule: Rule) {
    if (rule.parent?.type === "atrule" && rule.parent.name?.endsWith("keyframes")) return;
    const selectors = rule.selectors.map(below);
    if (selectors.join() !== rule.selectors.join()) rule.selectors = selectors;
  },
};
