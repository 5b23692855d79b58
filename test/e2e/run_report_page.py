#!/usr/bin/env python3
"""Opens the page of `--report=FILE.html` in a headless Chromium and uses it as a reader would.

Checks, at the width of a desk and of a phone, with some 2,000 spans: no error, no request, nothing wider than the
screen, search, folding, zoom, keyboard, light and dark. Exits with 77 where there is no Chromium. `--shots DIRECTORY`
keeps pictures.
"""

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

PROGRAM = """name "page"
command deploy
    description "Some two thousand spans"
    do
        for_each x in "{numbers}"
            sandbox "no_network"
                if x != "7"
                    print "item ${{x}} with a rather long text that has to be cut somewhere in the middle"
                    parallel
                        print "left ${{x}}"
                        print "right ${{x}}"
                        retry 2 delay:"1ms"
                            y = upper "${{x}}"
                        end
                    end
                end
                try
                    if x == "13"
                        fail "thirteen <b>brings</b> no luck"
                    end
                    z = trim " ${{x}} "
                    w = lower "${{x}}"
                    v = upper "${{x}}"
                rescue
                    print "rescued"
                end
            end
        end
    end
end
"""
KEYS = {"ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39, "Enter": 13, "Escape": 27, "End": 35}


class Browser:
    """Chromium over its debugging pipe: JSON messages that end in a NUL byte."""

    def __init__(self, program, directory):
        to_read, self.to = os.pipe()
        self.of, of_write = os.pipe()

        def ends():  # the browser reads descriptor 3 and writes 4
            high = [os.dup2(fd, number) for fd, number in ((to_read, 20), (of_write, 21))]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--hide-scrollbars",
             "--user-data-dir=" + directory, "about:blank"],
            preexec_fn=ends, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(of_write)
        self.number, self.buffer, self.session, self.events = 0, b"", None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.buffer:
                piece = os.read(self.of, 1 << 20)
                if not piece:
                    raise SystemExit("the browser has gone away")
                self.buffer += piece
            one, self.buffer = self.buffer.split(b"\0", 1)
            got = json.loads(one)
            if got.get("id") == self.number:
                if "error" in got:
                    raise RuntimeError(f"{method}: {got['error']}")
                return got["result"]
            self.events.append(got)

    def screen(self, width, height, dark):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 700)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, path):
        self.events.clear()
        self.call("Page.navigate", url="file://" + path)
        for _ in range(200):
            if self.js("document.readyState") == "complete":
                return
            time.sleep(0.05)

    def js(self, text):
        result = self.call("Runtime.evaluate", expression=text, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"]["description"])
        return result["result"].get("value")

    def keys(self, *names):
        for name in names:
            event = {"key": name, "windowsVirtualKeyCode": KEYS.get(name, ord(name[0].upper()))}
            if len(name) == 1:
                event["text"] = name
            self.call("Input.dispatchKeyEvent", type="keyDown", **event)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=name)

    def drag(self, x1, x2, y):
        for kind, x in (("mousePressed", x1), ("mouseMoved", (x1 + x2) / 2), ("mouseMoved", x2), ("mouseReleased", x2)):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def shot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=20)


class Page:
    def __init__(self, browser, path, shots):
        self.browser, self.path, self.shots, self.failed = browser, path, shots, 0

    def that(self, truth, what, got=None):
        if not truth:
            self.failed += 1
            print(f"FAILED {what}: {got!r}")

    def picture(self, name):
        if self.shots:
            self.browser.shot(os.path.join(self.shots, name + ".png"))

    def common(self, name, width, dark):
        browser = self.browser
        browser.screen(width, 800, dark)
        browser.open(self.path)
        self.picture(name)
        noise = [e for e in browser.events if e["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")]
        self.that(not noise, f"{name}: no errors", noise)
        asked = [e["params"]["request"]["url"] for e in browser.events if e["method"] == "Network.requestWillBeSent"]
        self.that(asked == ["file://" + self.path], f"{name}: no requests", asked)
        self.that(browser.js("document.documentElement.scrollWidth") == width, f"{name}: fits the screen",
                  browser.js("document.documentElement.scrollWidth"))
        back = browser.js("getComputedStyle(document.body).backgroundColor")
        level = int(back.split("(")[1].split(",")[0])
        self.that((level < 64) == dark, f"{name}: light or dark as the system", back)
        spans, rows = browser.js("spans.length"), browser.js("document.querySelectorAll('.row').length")
        self.that(1500 < spans < 3000, f"{name}: about 2,000 spans", spans)
        self.that(rows < 60, f"{name}: only rows in sight are in the page", rows)
        ms = browser.js("(() => { const t = performance.now(); for (let i = 0; i < 20; ++i) redraw();"
                        " return (performance.now() - t) / 20; })()")
        self.that(ms < 100, f"{name}: drawing is quick", ms)

    def desk(self):
        browser = self.browser
        browser.keys("ArrowDown", "ArrowDown", "Enter")
        self.that(browser.js("$('detail').hidden") is False, "Enter shows a span", None)
        self.that("sandbox" in browser.js("$('detail').textContent"), "the picked span is shown",
                  browser.js("$('detail').textContent"))
        self.picture("detail")
        browser.keys("Escape")
        self.that(browser.js("$('detail').hidden"), "Escape hides it")
        before = browser.js("state.rows.length")
        browser.keys("ArrowLeft")
        self.that(browser.js("state.rows.length") < before, "the left arrow folds", browser.js("state.rows.length"))
        browser.keys("ArrowRight")
        self.that(browser.js("state.rows.length") == before, "the right arrow unfolds", browser.js("state.rows.length"))
        browser.keys("c")
        self.that(browser.js("state.rows.length") < 10, "c folds all", browser.js("state.rows.length"))
        browser.keys("e", "End")
        self.that(browser.js("state.picked") > 1500, "End goes to the last span", browser.js("state.picked"))
        self.that(browser.js("!!document.querySelector('[aria-selected=true]')"), "the picked span is in sight")
        browser.keys("/", *"thirteen")
        self.that(browser.js("$('count').textContent").startswith("2 of "), "search finds",
                  browser.js("$('count').textContent"))
        self.picture("search")
        browser.keys("Enter", "z")
        self.that(browser.js("state.to - state.from") < browser.js("total") / 5, "z zooms to a span",
                  browser.js("[state.from, state.to]"))
        self.picture("zoom")
        browser.keys("0")
        self.that(browser.js("state.to - state.from === total"), "0 shows the whole run")
        browser.keys("/", "Escape")
        self.that(browser.js("state.rows.length") > 1500, "Escape ends the search", browser.js("state.rows.length"))
        browser.js("$('failures').click()")
        self.that(browser.js("[...state.hits].every(i => spans[i].o === 'failed') && state.hits.size === 2"),
                  "the failed ones alone", browser.js("state.hits.size"))
        browser.js("$('failures').click()")
        axis = browser.js("(() => { const b = $('axis').getBoundingClientRect(); return [b.left, b.width, b.top]; })()")
        browser.drag(axis[0] + axis[1] * 0.25, axis[0] + axis[1] * 0.5, axis[2] + 10)
        part = browser.js("(state.to - state.from) / total")
        self.that(0.2 < part < 0.3, "a sweep over the time line zooms", part)
        browser.keys("t")
        back = browser.js("getComputedStyle(document.body).backgroundColor")
        self.that(int(back.split("(")[1].split(",")[0]) < 64, "t turns the light off", back)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--perch", default="build/release/perch")
    parser.add_argument("--shots", default="")
    options = parser.parse_args()
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        print("skipped: there is no Chromium")
        return 77
    perch = os.path.abspath(options.perch)
    with tempfile.TemporaryDirectory(prefix="perch-page-", ignore_cleanup_errors=True) as directory:
        with open(os.path.join(directory, "a.perch"), "w", encoding="utf-8") as f:
            f.write(PROGRAM.format(numbers="\\n".join(str(n) for n in range(1, 151))))
        page = os.path.join(directory, "r.html")
        subprocess.run([perch, "--report=" + page, "-f", "a.perch", "deploy"], cwd=directory, check=True,
                       stdout=subprocess.DEVNULL)
        browser = Browser(program, os.path.join(directory, "profile"))
        try:
            check = Page(browser, page, options.shots)
            check.common("phone", 390, dark=True)
            check.common("desk", 1280, dark=False)
            check.desk()
        finally:
            browser.close()
    print("report page: " + ("all as it should be" if check.failed == 0 else f"{check.failed} failed"))
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
