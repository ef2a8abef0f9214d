"""Makes `.venv`: every pinned package of requirements.txt and the project itself, installed in place.

Runs on a bare Python with nothing but its standard library (no pip, no ensurepip, no compiler) and
returns at once when the environment is already the one that requirements.txt and pyproject.toml ask for.
"""

from __future__ import annotations  # so that an older Python gets as far as the message about its age

import base64
import configparser
import fcntl
import hashlib
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "earshot.stamp"
REQUIREMENTS = ROOT / "requirements.txt"
VERSIONS = ((3, 11), (3, 12), (3, 13))


def main() -> None:
    """Leaves a complete `.venv` behind, or a message that says what is missing and exit code 1."""
    if sys.version_info[:2] not in VERSIONS:
        _run_under_a_fitting_python()
    wanted = _fingerprint()
    if _is_made(wanted):
        return
    with REQUIREMENTS.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two makes at once: the second waits and finds the work done
        if not _is_made(wanted):
            _make()
            STAMP.write_text(wanted)


def _fingerprint() -> str:
    """What the environment is made from. The folder is part of it: an environment can't be moved."""
    parts = [b"%d.%d" % sys.version_info[:2], os.fsencode(ROOT)]
    parts += [(ROOT / name).read_bytes() for name in ("requirements.txt", "pyproject.toml")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _is_made(wanted: str) -> bool:
    return os.access(PYTHON, os.X_OK) and STAMP.is_file() and STAMP.read_text() == wanted


def _run_under_a_fitting_python() -> None:
    """Starts again under a Python that fits. The one that was asked for by PYTHON is not second-guessed."""
    found = "%d.%d" % sys.version_info[:2]
    if os.environ.get("EARSHOT_PYTHON_IS_A_CHOICE") != "1":
        for name in ("python%d.%d" % version for version in VERSIONS):
            path = shutil.which(name)
            if path and subprocess.run([path, "-c", ""], stderr=subprocess.DEVNULL).returncode == 0:
                os.execv(path, [path, *sys.argv])
    raise SystemExit(
        f"Earshot needs Python 3.11, 3.12 or 3.13; {sys.executable} is {found}. Try: make PYTHON=/path/to/python3.11"
    )


def _make() -> None:
    STAMP.unlink(missing_ok=True)
    if not _venv_is_usable():
        _make_venv()
    wanted = re.findall(r"^[A-Za-z0-9][^\s=]*==", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)
    print(f"Installing {len(wanted)} packages into .venv (once; a few minutes)", flush=True)
    _pip(["--only-binary", ":all:", "-r", str(REQUIREMENTS)], expected=len(wanted))
    _pip(["--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    _run([str(PYTHON), "-m", "reading.intent"])  # learns from the examples what writers want, so that no run has to


def _venv_is_usable() -> bool:
    """Whether the `.venv` that is there runs this Python's version, from this folder, and has pip."""
    # sys.prefix is worked out anew in a moved environment, while its scripts still point to the old folder
    asked = "import pip, sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([PYTHON, "-c", asked], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        script = (VENV / "bin" / "pip").read_bytes()
    except OSError:
        return False
    return answer.stdout.split() == [b"%d.%d" % sys.version_info[:2]] and os.fsencode(PYTHON.parent) in script


def _make_venv() -> None:
    """An empty `.venv` with pip in it: the one that Python brings along, or one from the package index."""
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        return
    # Debian keeps ensurepip in a package of its own, python3-venv
    try:
        subprocess.run([*command, "--without-pip"], check=True)
    except subprocess.CalledProcessError:
        raise SystemExit(f"{sys.executable} can't make a virtual environment; see the lines above.") from None
    with tempfile.TemporaryDirectory() as folder:
        wheel = PackageIndex(_pip_settings()).download_pip(Path(folder))
        # a wheel of pip is a zip file that Python can run
        _run([str(PYTHON), f"{wheel}/pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)])


# pip ------------------------------------------------------------------------------------------------------------------


def _pip(arguments: list[str], expected: int = 0) -> None:
    """Runs `pip install`. Counts the packages on a terminal; stays quiet otherwise, and tells all when it fails."""
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *arguments]
    lines: list[str] = []
    collected = 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=_pip_environment()
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            collected += line.startswith(("Collecting ", "Requirement already satisfied: "))
            if expected and sys.stdout.isatty():
                stage = "unpacking" if line.startswith("Installing collected") else line.split(" (")[0].strip()[:60]
                print(f"\r\033[K  {min(collected, expected)}/{expected}  {stage}", end="", flush=True)
    if expected and sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    if process.returncode:
        sys.stderr.writelines(lines[-40:])
        raise SystemExit(
            "pip could not install the packages; see the lines above. Nothing else is needed: run make again after."
        )


def _pip_environment() -> dict[str, str]:
    """The user's own settings (index, certificate, proxy, …) without those that lead out of `.venv`."""
    leads_out = {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PYTHONHOME", "PYTHONPATH"}
    return {name: value for name, value in os.environ.items() if name not in leads_out} | {"PIP_USER": "0"}


def _run(command: list[str]) -> None:
    if subprocess.run(command, env=_pip_environment()).returncode:
        raise SystemExit(f"This failed: {' '.join(command[:3])} …; see the lines above.")


def _pip_settings() -> dict[str, str]:
    """pip's own settings that decide where a package comes from: its files in their order, then the environment."""
    home, xdg = Path.home(), os.environ.get("XDG_CONFIG_HOME")
    files = [
        Path("/etc/xdg/pip/pip.conf"),
        Path("/etc/pip.conf"),
        home / ".pip" / "pip.conf",
        (Path(xdg) if xdg else home / ".config") / "pip" / "pip.conf",
    ]
    if "PIP_CONFIG_FILE" in os.environ:
        chosen = Path(os.environ["PIP_CONFIG_FILE"])
        files = [] if str(chosen) == os.devnull else [*files, chosen]
    parser = configparser.RawConfigParser()
    parser.read(files, encoding="utf-8")
    settings: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            settings.update((key.replace("_", "-"), value) for key, value in parser.items(section))
    for name, value in os.environ.items():
        if name.startswith("PIP_") and value:
            settings[name[4:].lower().replace("_", "-")] = value
    return settings


class _Links(HTMLParser):
    """The attributes of every link on a page of a package index."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append({name: value or "" for name, value in attrs})


class PackageIndex:
    """The places that pip is set to look in, reached without pip."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.offline = settings.get("no-index", "") not in {"", "0", "false", "no"}
        self.indexes = [
            settings.get("index-url", "https://pypi.org/simple"),
            *settings.get("extra-index-url", "").split(),
        ]
        self.folders = settings.get("find-links", "").split()
        handlers: list[urllib.request.BaseHandler] = [
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=settings.get("cert")))
        ]
        if "proxy" in settings:
            proxy = settings["proxy"]
            handlers.append(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
        self.opener = urllib.request.build_opener(*handlers)

    def download_pip(self, folder: Path) -> Path:
        """The newest wheel of pip that runs on this Python, in `folder`; its hash is the one the index gave."""
        pages = self.folders if self.offline else self.indexes
        for page in pages:
            url = page if self.offline else page.rstrip("/") + "/pip/"
            try:
                wheel = _newest_pip(self._links(url))
                if wheel:
                    return self._download(wheel, folder)
            except (OSError, ValueError) as error:  # URLError is an OSError
                print(f"{_without_password(url)}: {error}", file=sys.stderr)
        raise SystemExit(
            "pip is not in this Python and could not be fetched from "
            + ", ".join(map(_without_password, pages))
            + ".\nSet PIP_INDEX_URL (and PIP_CERT, if the network has its own), or: apt install python3-venv"
        )

    def _links(self, url: str) -> list[dict[str, str]]:
        """The links of a page, or the wheels of a folder, with absolute addresses."""
        path = (
            Path(urllib.request.url2pathname(urllib.parse.urlsplit(url).path)) if url.startswith("file:") else Path(url)
        )
        if "://" not in url or url.startswith("file:"):
            if not (path / "index.html").is_file():
                return [{"href": file.resolve().as_uri()} for file in path.glob("pip-*.whl")]
            url = (path / "index.html").resolve().as_uri()
        page = _Links()
        page.feed(self._read(url).decode("utf-8", "replace"))
        return [link | {"href": urllib.parse.urljoin(url, link.get("href", ""))} for link in page.links]

    def _download(self, url: str, folder: Path) -> Path:
        address, _, fragment = url.partition("#")
        body = self._read(address)
        algorithm, _, digest = fragment.partition("=")
        if address.startswith("http:") and not digest:
            raise ValueError("the index gives no hash for pip")
        if digest and hashlib.new(algorithm, body).hexdigest() != digest:
            raise ValueError(f"{address} is not the file that the index describes: its {algorithm} differs")
        wheel = folder / urllib.parse.unquote(address.rsplit("/", 1)[1])
        wheel.write_bytes(body)
        return wheel

    def _read(self, url: str) -> bytes:
        parts = urllib.parse.urlsplit(url)
        request = urllib.request.Request(url, headers={"Accept": "text/html, */*;q=0.1"})
        if parts.username is not None:  # urllib takes no password in an address
            bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
            request = urllib.request.Request(urllib.parse.urlunsplit(bare), headers=dict(request.header_items()))
            login = urllib.parse.unquote(parts.username) + ":" + urllib.parse.unquote(parts.password or "")
            request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
        with self.opener.open(request, timeout=60) as answer:
            return bytes(answer.read())


def _newest_pip(links: list[dict[str, str]]) -> str | None:
    """The address of the newest released wheel that this Python can run; None where there is none."""
    fitting = []
    for link in links:
        name = re.search(r"/pip-(\d+(?:\.\d+)*)-py3-none-any\.whl(?:#|$)", link["href"])
        minimum = re.search(r">=\s*3\.(\d+)", link.get("data-requires-python", ""))
        if name and "data-yanked" not in link and (not minimum or int(minimum[1]) <= sys.version_info[1]):
            fitting.append((tuple(map(int, name[1].split("."))), link["href"]))
    return max(fitting)[1] if fitting else None


def _without_password(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//", url)


if __name__ == "__main__":
    main()
