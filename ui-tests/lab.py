"""A real JupyterLab with a real kernel, in Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from socket import socket
from typing import Any, Literal, NamedTuple

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page

START_SECONDS = 60
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
CONFIG = """
from jupyterlab.galata import configure_jupyter_server

configure_jupyter_server(c)
c.ServerApp.port = {port}
c.ServerApp.port_retries = 0
c.ServerApp.allow_root = True
c.ServerApp.root_dir = {root!r}
c.LabApp.news_url = None
"""
NOTEBOOK = "window.jupyterapp.shell.currentWidget"
READY = """
window.jupyterapp?.restored.then(() => window.jupyterapp.commands.hasCommand("docmanager:open"))
"""
OPEN = """
async (path) => {
  const { commands, shell } = window.jupyterapp;
  const notebook = await commands.execute("docmanager:open", { path, factory: "Notebook" });
  await notebook.context.ready;
  await notebook.context.sessionContext.ready;
  await notebook.revealed;
  shell.activateById(notebook.id);
  await notebook.context.sessionContext.session.kernel.info;
}
"""
EXECUTE = f"""
async (code) => {{
  const {{ kernel }} = {NOTEBOOK}.context.sessionContext.session;
  const future = kernel.requestExecute({{ code, store_history: false }});
  let printed = "";
  let error = null;
  future.onIOPub = ({{ header, content }}) => {{
    if (header.msg_type === "stream") printed += content.text;
    if (header.msg_type === "error") error = `${{content.ename}}: ${{content.evalue}}`;
  }};
  await future.done;
  if (error) throw new Error(error);
  return printed;
}}
"""
CLOSE = f"""
async () => {{
  const notebook = {NOTEBOOK};
  if (!notebook?.context) return;
  await notebook.context.save();
  await notebook.context.sessionContext.shutdown();
  notebook.dispose();
}}
"""


class Server(NamedTuple):
    """Where a JupyterLab listens, and its files."""

    url: str
    root: Path


@contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    """A JupyterLab with nothing but its defaults, on files of its own."""
    root = folder / "files"
    root.mkdir()
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "jupyter_server_config.py").write_text(CONFIG.format(port=port, root=str(root)))
    places = {name: str(folder / name.lower()) for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    environment = {**os.environ, **places, "JUPYTER_CONFIG_DIR": str(folder)}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser"]
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        server = Server(f"http://127.0.0.1:{port}", root)
        wait_until_up(server.url, process, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def wait_until_up(url: str, process: subprocess.Popen, log: Path) -> None:
    """Return when the server answers; raise with its log if it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/api", timeout=1):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")


class Lab:
    """JupyterLab in a page, with one notebook open at a time."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.errors: list[str] = []
        self._numbers = count()
        page.on("pageerror", lambda error: self.errors.append(f"page: {error}"))
        page.goto(f"{server.url}/lab?reset")
        page.wait_for_function(READY, timeout=1000 * START_SECONDS)

    def open(self, *cells: str) -> Path:
        """Open a new notebook with these code cells, not run yet; its file."""
        path = self.server.root / f"notebook_{os.getpid()}_{next(self._numbers)}.ipynb"
        nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=KERNEL), path)
        return self.open_file(path)

    def open_file(self, path: Path) -> Path:
        """Open a notebook file: a copy, where it is not the server's own."""
        if path.parent != self.server.root:
            path = Path(shutil.copy(path, self.server.root))
        self.page.evaluate(OPEN, path.name)
        return path

    def run_all(self) -> None:
        """Start all cells; what they show is there when Playwright finds it."""
        self.command("notebook:run-all-cells", wait=False)

    def command(self, name: str, wait: bool = True, **arguments: Any) -> None:
        """One of JupyterLab's commands."""
        call = "([name, given]) => window.jupyterapp.commands.execute(name, given)"
        self.page.evaluate(
            f"async (all) => void await ({call})(all)" if wait else f"(all) => void ({call})(all)", [name, arguments]
        )

    def python(self, code: str) -> str:
        """Run code in the notebook's kernel; what it printed."""
        return self.page.evaluate(EXECUTE, code)

    def output(self, cell: int = 0) -> Locator:
        """The output area of a cell of the open notebook."""
        return self.page.locator(".jp-Notebook:visible .jp-Cell").nth(cell).locator(".jp-Cell-outputArea")

    def set_theme(self, theme: Literal["light", "dark"]) -> None:
        """Turn JupyterLab light or dark."""
        self.command("apputils:change-theme", theme=f"JupyterLab {theme.title()}")
        light = "true" if theme == "light" else "false"
        self.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")

    def close(self) -> None:
        """Save the notebook, end its kernel, close it."""
        self.page.evaluate(CLOSE)
