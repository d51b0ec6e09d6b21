"""Makes every call of calls/*.json with Python's requests, and writes what happened into recordings/*.json.

    npm run golden -- parity         all subjects
    npm run golden -- parity urls    one of them

It needs nothing but Debian's python3-requests and python3-brotli. README.md says how calls are written.
"""

import base64
import io
import json
import math
import os
import platform
import re
import sys
import tempfile
import time
import warnings
from pathlib import Path

# simplejson, where it happens to be installed, would take the place of the standard library's json.
sys.modules["simplejson"] = None
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import requests
import requests.auth
import requests.compat
import urllib3

from server import Script

HERE = Path(__file__).parent
AMBIENT = ("proxy", "ca_bundle", "netrc", "ssl_cert", "request_method")


class Bearer(requests.auth.AuthBase):
    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Run:
    """One call: its servers, its session, and what each step ended in."""

    def __init__(self, call):
        self.call = call
        self.script = Script(call.get("server", ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]))
        self.folder = tempfile.TemporaryDirectory()
        self.hooked = []
        self.session = requests.Session() if "session" in call else None

    def play(self):
        try:
            with Environment(self.variables()):
                if self.session is not None:
                    self.settle(self.call["session"])
                results = [self.outcome(step) for step in self.call["steps"]]
        finally:
            if self.session is not None:
                self.session.close()
            self.script.close()
            self.folder.cleanup()
        played = {"sent": self.script.sent, "results": results}
        if self.hooked:
            played["hooked"] = self.hooked
        return played

    def variables(self):
        found = self.script.fill(self.call.get("env", {}))
        netrc = self.call.get("netrc")
        found["NETRC"] = "/nonexistent/netrc" if netrc is None else self.file("netrc", netrc)
        return found

    def file(self, name, content):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(content.encode("latin-1"))
        return path

    def outcome(self, step):
        try:
            return self.step(*step)
        except Exception as error:
            return {"raised": self.exception(error)}

    def exception(self, error):
        found = {"type": type(error).__name__, "message": re.sub("0x[0-9a-f]+", "0x…", self.script.mask(str(error)))}
        if not isinstance(error, (requests.RequestException, requests.cookies.CookieConflictError)):
            found["builtin"] = True
        response = getattr(error, "response", None)
        if response is not None:
            found["status"] = response.status_code
        return found

    # ── steps ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def step(self, verb, *arguments):
        if verb == "prepare":
            return {"prepared": self.prepared(requests.Request(**self.options(arguments[0])).prepare())}
        if verb == "prepare_request":
            request = requests.Request(**self.options(arguments[0]))
            return {"prepared": self.prepared(self.session.prepare_request(request))}
        if verb == "send":
            request = requests.Request(**self.options(arguments[0]))
            settings = self.options(arguments[1] if len(arguments) > 1 else {})
            return self.response(self.session.send(self.session.prepare_request(request), **settings), [])
        if verb == "set":
            self.settle(arguments[0])
            return {}
        if verb == "jar":
            return {"jar": self.cookies(self.session.cookies)}
        if verb == "set_cookie":
            name, value, attributes = arguments
            self.session.cookies.set(name, value, **attributes)
            return {}
        if verb == "get_cookie":
            return {"value": self.session.cookies.get(arguments[0], **(arguments[1] if len(arguments) > 1 else {}))}
        options = dict(arguments[-1]) if isinstance(arguments[-1], dict) else {}
        positional = self.script.fill([item for item in arguments if not isinstance(item, dict)])
        then = options.pop("then", [])
        return self.response(getattr(self.session or requests, verb)(*positional, **self.options(options)), then)

    def settle(self, settings):
        for name, value in self.options(settings).items():
            if name in ("headers", "params", "proxies"):
                getattr(self.session, name).update(value)
            elif name == "cookies":
                requests.cookies.cookiejar_from_dict(value, self.session.cookies)
            elif name == "hooks":
                self.session.hooks = value
            else:
                setattr(self.session, name, value)

    def options(self, given):
        options = {}
        for name, value in self.script.fill(given).items():
            if name == "hooks":
                value = {"response": lambda response, **_: self.hooked.append(self.hop(response))}
            else:
                value = self.value(value)
            options[name] = tuple(value) if name in ("auth", "timeout") and isinstance(value, list) else value
        return options

    def value(self, value):
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) != 1 or not next(iter(value)).startswith("$"):
            return {name: self.value(item) for name, item in value.items()}
        [(kind, content)] = value.items()
        return getattr(self, f"make_{kind[1:]}")(content)

    def make_bytes(self, text):
        return text.encode("latin-1")

    def make_chunks(self, items):
        return (item.encode("latin-1") for item in items)

    def make_text_chunks(self, items):
        return (item for item in items)

    def make_float(self, text):
        return float(text)

    def make_int(self, text):
        return int(text)

    def make_set(self, items):
        return set(items)

    def make_memory(self, name_and_content):
        name, content = name_and_content
        file = io.BytesIO(content.encode("latin-1"))
        file.name = name
        return file

    def make_open(self, name_and_content):
        return open(self.file(*name_and_content), "rb")

    def make_basic(self, pair):
        return requests.auth.HTTPBasicAuth(*pair)

    def make_proxybasic(self, pair):
        return requests.auth.HTTPProxyAuth(*pair)

    def make_digest(self, pair):
        return requests.auth.HTTPDigestAuth(*pair)

    def make_bearer(self, token):
        return Bearer(token)

    def make_signer(self, pair):
        name, value = pair

        def sign(request):
            request.headers[name] = value
            return request

        return sign

    def make_jar(self, cookies):
        jar = requests.cookies.RequestsCookieJar()
        for name, value, attributes in cookies:
            jar.set(name, value, **attributes)
        return jar

    # ── what is written down ───────────────────────────────────────────────────────────────────────────────────────

    def prepared(self, request):
        body = request.body
        shown = self.script.mask(body if isinstance(body, str) else body.decode("latin-1")) if isinstance(body, (str, bytes)) else None
        headers = [[text(name), text(value)] for name, value in request.headers.items()]
        url = self.script.mask(request.url)
        return {"method": request.method, "url": url, "path": request.path_url, "headers": headers, "body": shown}

    def hop(self, response):
        return [response.status_code, self.script.mask(response.url)]

    def cookies(self, jar):
        found = [[cookie.name, cookie.value, cookie.domain.lstrip("."), cookie.path] for cookie in jar]
        return sorted(found, key=lambda cookie: [str(part) for part in cookie])

    def response(self, response, then):
        mask = self.script.mask
        shown = {
            "status": response.status_code,
            "reason": response.reason,
            "ok": response.ok,
            "url": mask(response.url),
            "raw": [[name, mask(value)] for name, value in response.raw.headers.items()],
            "headers": {name: mask(value) for name, value in response.headers.items()},
            "encoding": response.encoding,
            "redirect": [response.is_redirect, response.is_permanent_redirect],
            "history": [self.hop(hop) for hop in response.history],
            "cookies": self.cookies(response.cookies),
            "links": {rel: {name: mask(part) for name, part in link.items()} for rel, link in response.links.items()},
            "request": [response.request.method, mask(response.request.url)],
        }
        if response._content is not False:
            shown["text"] = mask(response.text)
        for what, *arguments in then:
            try:
                shown[what] = getattr(self, f"then_{what}")(response, *arguments)
            except Exception as error:
                shown[what] = {"raised": self.exception(error)}
        return {"response": shown}

    def then_json(self, response):
        return plain(response.json())

    def then_raise_for_status(self, response):
        response.raise_for_status()
        return "nothing"

    def then_apparent_encoding(self, response):
        return response.apparent_encoding

    def then_text_as(self, response, encoding):
        response.encoding = encoding
        return response.text

    def then_content(self, response):
        return base64.b64encode(response.content).decode()

    def then_iter_lines(self, response, options):
        options = {name: self.value(value) for name, value in options.items()}
        return [text(line) for line in response.iter_lines(**options)]

    def then_iter_content(self, response, size):
        return [text(piece) for piece in response.iter_content(size)]

    def then_iter_text(self, response, size):
        return "".join(text(piece) for piece in response.iter_content(size, decode_unicode=True))

    def then_again(self, response):
        return [text(piece) for piece in response.iter_content(None)]

    def then_raw(self, response, size):
        return text(response.raw.read(size))

    def then_next(self, response):
        return None if response.next is None else self.prepared(response.next)

    def then_header(self, response, name):
        return response.headers.get(name)


class Environment:
    """Nothing of this machine's proxies, credentials and certificates; only what the call asks for."""

    def __init__(self, variables):
        self.variables = variables

    def __enter__(self):
        self.before = dict(os.environ)
        for name in list(os.environ):
            if any(word in name.lower() for word in AMBIENT):
                del os.environ[name]
        os.environ.update(self.variables)

    def __exit__(self, *_):
        os.environ.clear()
        os.environ.update(self.before)


def text(value):
    return value.decode("latin-1") if isinstance(value, bytes) else value


def plain(value):
    """Values that JSON, or a reader's numbers, would not hold get a form of their own."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": str(value)}
    if isinstance(value, int) and abs(value) > 2**53:
        return {"$int": str(value)}
    return value


def versions():
    detector = requests.compat.chardet
    return {
        "python": platform.python_version(),
        "requests": requests.__version__,
        "urllib3": urllib3.__version__,
        detector.__name__: detector.__version__,
    }


def main():
    warnings.simplefilter("ignore")
    # Two recordings of the same calls are the same file: boundaries and cnonces are levelled before comparing anyway.
    os.urandom = bytes
    time.ctime = lambda: ""
    wanted = sys.argv[1:]
    for path in sorted(HERE.glob("calls/*.json")):
        if wanted and path.stem not in wanted:
            continue
        calls = json.loads(path.read_text("utf-8"))
        names = [call["name"] for call in calls]
        assert len(set(names)) == len(names), f"{path.name}: two calls of one name: {sorted(names)}"
        # A line for each call, so that a difference between two recordings reads as one.
        lines = [f" {json.dumps(call['name'])}: {json.dumps(Run(call).play())}" for call in calls]
        recording = f'{{"versions": {json.dumps(versions())},\n"calls": {{\n' + ",\n".join(lines) + "\n}}\n"
        (HERE / "recordings" / path.name).write_text(recording, "ascii")
        print(f"{path.stem}: {len(calls)} calls")


main()
