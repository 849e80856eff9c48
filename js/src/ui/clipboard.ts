/** Copy a text, also where the page may not use the clipboard's own interface. */
export async function copyText(text: string, near: Element | null): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    const focused = document.activeElement;
    area.value = text;
    area.className = "kv-hidden";
    (near ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
  }
}
