// What a notebook does for a widget, in a bare page: holds the models, shows views, carries messages.
// Python is reached by one function, `toPython(message)`, which answers with the messages that wait for the page.
window.host = (() => {
  const models = new Map();
  const views = new Map();
  let pulling = Promise.resolve();

  const encode = (buffer) => {
    const bytes = ArrayBuffer.isView(buffer)
      ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
      : new Uint8Array(buffer);
    let text = "";
    for (let start = 0; start < bytes.length; start += 0x8000) {
      text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
    }
    return btoa(text);
  };
  const decode = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

  class Model {
    constructor(id, state) {
      Object.assign(this, { id, state, changed: {}, listeners: new Map(), latest: {}, saves: 0 });
      this.widget_manager = { get_model: async (reference) => models.get(reference.replace("IPY_MODEL_", "")) };
    }
    get(name) {
      return this.state[name];
    }
    set(name, value) {
      this.changed[name] = value;
      this.receive(name, value);
    }
    receive(name, value) {
      const same = this.state[name] === value;
      this.state[name] = value;
      if (!same) this.fire(`change:${name}`, this, value);
    }
    on(event, listener) {
      if (!this.listeners.has(event)) this.listeners.set(event, new Set());
      this.listeners.get(event).add(listener);
    }
    off(event, listener) {
      if (!event) this.listeners.clear();
      else if (!listener) this.listeners.delete(event);
      else this.listeners.get(event)?.delete(listener);
    }
    fire(event, ...values) {
      for (const listener of [...(this.listeners.get(event) ?? [])]) listener(...values);
    }
    save_changes() {
      const state = this.changed;
      this.changed = {};
      this.saves += 1;
      for (const name of Object.keys(state)) this.latest[name] = this.saves;
      exchange({ id: this.id, data: { method: "update", state, buffer_paths: [] }, buffers: [] }, this.saves);
    }
    send(content, _callbacks, buffers = []) {
      exchange({ id: this.id, data: { method: "custom", content }, buffers: buffers.map(encode) });
    }
  }

  function put(state, paths, buffers) {
    for (const [index, path] of (paths ?? []).entries()) {
      const place = path.slice(0, -1).reduce((value, key) => value[key], state);
      place[path.at(-1)] = buffers[index];
    }
    return state;
  }

  function apply({ id, type, data, buffers: encoded }, save) {
    const buffers = encoded.map(decode);
    const model = models.get(id);
    if (type === "comm_open") models.set(id, new Model(id, put(data.state, data.buffer_paths, buffers)));
    else if (type === "comm_close") {
      models.delete(id);
      model?.fire("destroy", model);
    } else if (data.method === "custom") model?.fire("msg:custom", data.content, buffers);
    else if (data.method === "update") {
      for (const [name, value] of Object.entries(put(data.state, data.buffer_paths, buffers))) {
        model?.receive(name, value);
      }
    } else if (data.method === "echo_update") {
      // as ipywidgets does: what the kernel confirms holds, unless it has been set again since
      for (const [name, value] of Object.entries(put(data.state, data.buffer_paths, buffers))) {
        if (model?.latest[name] === save) model.receive(name, value);
      }
    }
  }

  // One exchange at a time: messages stay in order, both ways.
  function exchange(message, save) {
    pulling = pulling.then(async () => {
      for (const answer of await window.toPython(message)) apply(answer, save);
    });
    return pulling;
  }

  async function show(id, key) {
    const model = models.get(id);
    const style = document.createElement("style");
    style.textContent = model.get("_css") ?? "";
    const element = document.createElement("div");
    document.body.append(style, element);
    const url = URL.createObjectURL(new Blob([model.get("_esm")], { type: "text/javascript" }));
    const made = (await import(url)).default;
    const widget = typeof made === "function" ? await made() : made;
    const controller = new AbortController();
    const given = { model, signal: controller.signal };
    const forget = await widget.initialize?.(given);
    const remove = await widget.render?.({ ...given, el: element });
    views.set(key, async () => {
      controller.abort();
      await remove?.();
      await forget?.();
      element.remove();
      style.remove();
    });
  }

  async function hide(key) {
    await views.get(key)();
    views.delete(key);
  }

  // Worker threads write at any time: the page asks, as long as it lives.
  (async () => {
    for (;;) {
      await exchange(null);
      await new Promise((resume) => setTimeout(resume, 25));
    }
  })();

  return { show, hide, pull: () => exchange(null) };
})();
