"""Chromium without a window, driven by the DevTools protocol over a pipe: nothing else to install."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import time
from pathlib import Path
from typing import Any

__all__ = ["NO_BROWSER", "Browser", "Page", "find_browser"]

NO_BROWSER = "no Chromium is installed (Debian: apt-get install chromium)"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-pings",
    "--metrics-recording-only",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_PATIENCE_S = 120.0
# Chromium reads commands from descriptor 3 and writes answers to descriptor 4.
_COMMANDS, _ANSWERS = 3, 4

_MODIFIERS = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}
_KEYS: dict[str, tuple[str, int, str]] = {
    "Enter": ("Enter", 13, "\r"),
    "Tab": ("Tab", 9, ""),
    "Escape": ("Escape", 27, ""),
    "Backspace": ("Backspace", 8, ""),
    "Delete": ("Delete", 46, ""),
    "ArrowDown": ("ArrowDown", 40, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
    "ArrowLeft": ("ArrowLeft", 37, ""),
    "ArrowRight": ("ArrowRight", 39, ""),
    "Home": ("Home", 36, ""),
    "End": ("End", 35, ""),
    " ": ("Space", 32, " "),
    **{f"F{number}": (f"F{number}", 111 + number, "") for number in range(1, 13)},
}


def find_browser() -> str | None:
    """Give the path of a Chromium, None when there is none; CHROMIUM names one."""
    wanted = os.environ.get("CHROMIUM")
    return wanted or next((path for path in map(shutil.which, _NAMES) if path), None)


class Browser:
    """One browser process with a profile of its own."""

    def __init__(self, executable: str, profile: Path) -> None:
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        # Out of the way of the numbers they get in the browser.
        commands, answers = (_moved_up(one) for one in (commands, answers))
        profile.mkdir(parents=True, exist_ok=True)
        log = str(profile / "browser.log")
        arguments = [executable, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        creating = os.O_WRONLY | os.O_CREAT
        self._pid = os.posix_spawn(
            executable,
            arguments,
            os.environ | {"LANG": "C.UTF-8"},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, commands, _COMMANDS),
                (os.POSIX_SPAWN_DUP2, answers, _ANSWERS),
                (os.POSIX_SPAWN_OPEN, 1, log, creating, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setpgroup=0,
        )
        os.close(commands)
        os.close(answers)
        self._buffer = b""
        self._count = 0
        self._replies: dict[int, Any] = {}
        self.events: list[dict[str, Any]] = []

    def close(self) -> None:
        """End the browser and everything it started."""
        with contextlib.suppress(OSError, AssertionError):
            self.call("Browser.close")
        deadline = time.monotonic() + 5
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.killpg(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                break
            time.sleep(0.02)
        os.close(self._commands)
        os.close(self._answers)

    def call(self, method: str, parameters: dict[str, Any] | None = None, session: str = "") -> Any:
        """Call a method and give its result. Raises AssertionError with the browser's words."""
        number = self._send(method, parameters or {}, session)
        deadline = time.monotonic() + _PATIENCE_S
        while number not in self._replies:
            self._receive(deadline, method)
        reply = self._replies.pop(number)
        if "error" in reply:
            raise AssertionError(f"{method}: {reply['error']}")
        return reply["result"]

    def post(self, method: str, parameters: dict[str, Any]) -> None:
        """Call a method without waiting for what comes of it."""
        self._send(method, parameters, "")

    def _send(self, method: str, parameters: dict[str, Any], session: str) -> int:
        self._count += 1
        number = self._count
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._commands, data) :]
        return number

    def pump(self) -> None:
        """Take in what has arrived."""
        while select.select([self._answers], [], [], 0)[0]:
            self._receive(time.monotonic() + 1, "events")

    def new_page(self) -> Page:
        """Open a page in a context of its own: no cookies, no storage."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})
        session = self.call("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        return Page(self, session["sessionId"], target["targetId"], context)

    def _receive(self, deadline: float, waiting_for: str) -> None:
        readable, _, _ = select.select([self._answers], [], [], max(0.0, deadline - time.monotonic()))
        if not readable:
            raise AssertionError(f"the browser does not answer {waiting_for}")
        data = os.read(self._answers, 1 << 20)
        if not data:
            raise AssertionError("the browser has ended")
        *whole, self._buffer = (self._buffer + data).split(b"\0")
        for text in whole:
            message = json.loads(text)
            if "id" in message:
                self._replies[message["id"]] = message
            else:
                self.events.append(message)


class Page:
    """One page: what people do to it and what they see; its complaints and requests are kept."""

    def __init__(self, browser: Browser, session: str, target: str, context: str) -> None:
        self._browser = browser
        self._session = session
        self._target = target
        self._context = context
        self._files: list[str] = []
        self._chosen = 0
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")
        self.size(1440, 900)

    def _call(self, method: str, parameters: dict[str, Any] | None = None) -> Any:
        return self._browser.call(method, parameters, self._session)

    def close(self) -> None:
        """Close it with its storage, unsaved or not."""
        self._browser.post("Target.disposeBrowserContext", {"browserContextId": self._context})

    def events(self, method: str) -> list[dict[str, Any]]:
        """Give the parameters of the page's events of a kind so far."""
        self._browser.pump()
        mine = [event for event in self._browser.events if event.get("sessionId") == self._session]
        return [event["params"] for event in mine if event["method"] == method]

    def complaints(self) -> list[str]:
        """Give what the console shows as errors: uncaught errors, blocked by policy, failed requests."""
        shown = [
            f"{entry['entry']['source']}: {entry['entry']['text']} {entry['entry'].get('url', '')}"
            for entry in self.events("Log.entryAdded")
            if entry["entry"]["level"] in ("error", "warning")
        ]
        shown += [json.dumps(one["exceptionDetails"])[:600] for one in self.events("Runtime.exceptionThrown")]
        calls = self.events("Runtime.consoleAPICalled")
        shown += [json.dumps(one["args"])[:600] for one in calls if one["type"] in ("error", "warning")]
        return shown

    def requested(self) -> list[str]:
        """Give the addresses asked for so far."""
        return [event["request"]["url"] for event in self.events("Network.requestWillBeSent")]

    def size(self, width: int, height: int) -> None:
        """Set the size of the window."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", metrics)

    def prefer(self, scheme: str, motion: str = "no-preference") -> None:
        """Be a system that prefers ``light`` or ``dark``, and maybe ``reduce`` in motion."""
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": motion}
        listed = [{"name": name, "value": value} for name, value in features.items()]
        self._call("Emulation.setEmulatedMedia", {"features": listed})

    def slow_uploads(self, bytes_per_s: int) -> None:
        """Be at the end of a slow line."""
        conditions = {
            "offline": False,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": bytes_per_s,
        }
        self._call("Network.emulateNetworkConditions", conditions)

    def open(self, url: str) -> None:
        """Go to an address."""
        self._call("Page.navigate", {"url": url})
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def reload(self) -> None:
        """Load it again and wait until the new one is there."""
        self.run("window.before = true")
        self._call("Page.reload")
        self.wait("!window.before && document.readyState === 'complete'")

    def run(self, expression: str) -> Any:
        """Give the value of a JavaScript expression, waited for. Raises AssertionError when it throws."""
        wanted = {"expression": expression, "awaitPromise": True, "returnByValue": True, "userGesture": True}
        result = self._call("Runtime.evaluate", wanted)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression[:200]}: {json.dumps(result['exceptionDetails'])[:800]}")
        return result["result"].get("value")

    def wait(self, expression: str) -> Any:
        """Give an expression's value as soon as it is true. Raises AssertionError when it stays false."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                value = self.run(f"((found) => (found instanceof Node ? true : found))({expression})")
            except AssertionError as error:
                # The page is on its way elsewhere, or the element is not there yet.
                value, reason = None, str(error)
            else:
                reason = ""
            if value not in (None, False, 0, ""):
                return value
            if time.monotonic() > deadline:
                text = self.run("document.body.innerText.slice(0, 3000)")
                raise AssertionError(f"never true: {expression}\n{reason}\n{self.complaints()}\n{text}")
            time.sleep(0.03)

    def click(self, selector: str) -> None:
        """Click the middle of the first element that matches and is shown."""
        place = self.wait(
            f"""(() => {{
              const found = [...document.querySelectorAll({json.dumps(selector)})]
                .find((one) => one.checkVisibility() && !one.disabled);
              if (!found) return null;
              found.scrollIntoView({{block: "nearest"}});
              const box = found.getBoundingClientRect();
              return {{x: box.x + box.width / 2, y: box.y + box.height / 2}};
            }})()"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, **place, "button": "left", "clickCount": 1}
            self._call("Input.dispatchMouseEvent", event)

    def hover(self, x: float, y: float) -> None:
        """Move the pointer."""
        self._call("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})

    def press(self, *chords: str) -> None:
        """Press keys such as ``Control+s`` or ``ArrowDown`` one after the other."""
        for chord in chords:
            *held, key = chord.split("+") if chord != "+" else ["+"]
            modifiers = sum(_MODIFIERS[name] for name in held)
            code, number, text = _KEYS.get(key) or _letter(key)
            event = {"key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": modifiers}
            if text and modifiers in (0, _MODIFIERS["Shift"]):
                event["text"] = text
            down = "keyDown" if "text" in event else "rawKeyDown"
            self._call("Input.dispatchKeyEvent", {**event, "type": down})
            self._call("Input.dispatchKeyEvent", {**event, "type": "keyUp", "text": ""})

    def type(self, text: str) -> None:
        """Put text where the cursor is, as an input method does."""
        self._call("Input.insertText", {"text": text})

    def answer_file_chooser(self, *paths: Path) -> None:
        """Have the next dialog that asks for files, once `chooser_opened` says it is there, choose some."""
        self._files = [str(path) for path in paths]
        self._call("Page.setInterceptFileChooserDialog", {"enabled": True})

    def chooser_opened(self) -> None:
        """Wait until the page asks for files, and choose them."""
        deadline = time.monotonic() + _PATIENCE_S
        while len(opened := self.events("Page.fileChooserOpened")) <= self._chosen:
            if time.monotonic() > deadline:
                raise AssertionError("the page asks for no files")
            time.sleep(0.02)
        self._chosen = len(opened)
        wanted = {"files": self._files, "backendNodeId": opened[-1]["backendNodeId"]}
        self._call("DOM.setFileInputFiles", wanted)

    def screenshot(self, path: Path) -> None:
        """Keep a picture."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", {"format": "png"})["data"]))


def _moved_up(descriptor: int) -> int:
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 20)
    os.close(descriptor)
    return moved


def _letter(key: str) -> tuple[str, int, str]:
    code = f"Digit{key}" if key.isdigit() else f"Key{key.upper()}"
    return code, ord(key.upper()), key
