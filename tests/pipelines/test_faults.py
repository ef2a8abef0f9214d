"""Real faults in real processes: killed, crowded, out of disk, damaged. Each ends in a message, and nothing is lost."""

import contextlib
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from connectors.contract import Window
from pipelines.config.settings import Config
from pipelines.store.home import Home
from pipelines.store.warehouse import mark_sound, open_warehouse
from tests.pipelines import steps
from tests.pipelines.conftest import core_tables

Earshot = Callable[..., subprocess.CompletedProcess[str]]
March = Callable[[int, int], Window]
Core = Callable[[Home], dict[str, str]]

FILL = "fill"
STEPS = ("pull", "tidy", "enrich", "load", "discover", "publish")


@pytest.fixture
def config(shop: Path, configure: Callable[..., Config]) -> Config:
    return configure()


@pytest.fixture
def home(new_home: Callable[..., Home]) -> Home:
    return new_home()


@pytest.fixture
def run_steps(config: Config, march: March) -> Callable[..., None]:
    """Run steps in this process, undisturbed. After `discover` it is as if marts were made, which takes seconds."""

    def run(home: Home, *names: str) -> None:
        whole = {
            "pull": lambda: steps.pull(home, config, "forum", march(1, 4), {}),
            "tidy": lambda: steps.tidy(home, config, "forum", march(1, 4)),
            "enrich": lambda: steps.enrich(home, config, "forum", march(1, 4)),
            "load": lambda: steps.load(home, config),
            "discover": lambda: (steps.discover(home, config), mark_sound(home.warehouse)),
            "publish": lambda: steps.publish(home),
        }
        for name in names or STEPS:
            whole[name]()

    return run


@pytest.fixture(scope="module")
def undisturbed(undisturbed_home: Home, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The core tables of a home in which nothing went wrong."""
    return core_tables(undisturbed_home, tmp_path_factory.mktemp("export"))


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.strip().splitlines()[-1]


# Killed ------------------------------------------------------------------------------------------------


def has(folder: Path, pattern: str) -> bool:
    return next(folder.glob(pattern), None) is not None


SIGNS: dict[str, Callable[[Path, str], bool]] = {
    "pull": lambda home, log: has(home, "landing/forum/*/.attempt.*.making"),
    "tidy": lambda home, log: has(home, "tidy/forum/.*.making/*"),
    "enrich": lambda home, log: has(home, "enriched/forum/.*.making/*"),
    "load": lambda home, log: has(home, "warehouse.duckdb*"),
    "discover": lambda home, log: "load: done" in log,
    "build": lambda home, log: has(home, "logs/dbt/run/earshot/models/marts/*.sql"),
    "publish": lambda home, log: has(home, ".earshot.duckdb.*.making"),
    "digest": lambda home, log: has(home, "digests/*/*"),
}
"""By what one sees from outside that a step is under way."""


@pytest.mark.slow
def test_a_run_killed_in_every_step_ends_as_one_that_never_was(
    shop: Path, tmp_path: Path, earshot: Earshot, start_earshot: Callable[..., "subprocess.Popen[str]"]
) -> None:
    disturbed, undisturbed, log = tmp_path / "disturbed", tmp_path / "undisturbed", tmp_path / "log"

    def killed_in(step: str, command: str) -> None:
        with log.open("w") as stderr:
            running = start_earshot(command, "-c", shop, "--home", disturbed, stderr=stderr)
            while running.poll() is None and not SIGNS[step](disturbed, log.read_text()):
                time.sleep(0.001)
            running.kill()
            running.communicate()
        assert "Traceback" not in log.read_text(), step

    def exported(home: Path) -> dict[str, str]:
        for schema in ("core", "marts"):
            earshot("export", "--home", home, "--schema", schema, "--out", tmp_path / "out" / home.name / schema)
        folder = tmp_path / "out" / home.name
        return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.csv")}

    for step in ("pull", "tidy", "enrich", "load", "discover", "build"):
        killed_in(step, "run")
    for home in (disturbed, undisturbed):
        assert earshot("run", "-c", shop, "--home", home).returncode == 0
    shutil.rmtree(disturbed / "digests")
    for step in ("publish", "digest"):
        killed_in(step, step)
        assert earshot(step, "-c", shop, "--home", disturbed).returncode == 0
    assert exported(disturbed) == exported(undisturbed)
    assert {"core/mentions.csv", "marts/brand_days.csv"} <= exported(disturbed).keys()
    assert [path.name for path in disturbed.glob("digests/*/*.html")] == ["digest.html"]
    assert [path for pattern in (".*.making", ".*.old") for path in disturbed.rglob(pattern)] == []


@pytest.mark.parametrize("milliseconds", [0, 20, 50, 100, 150])
def test_a_load_killed_at_any_moment_is_finished_by_the_next(
    shop: Path,
    home: Home,
    run_steps: Callable[..., None],
    core: Core,
    start_earshot: Callable[..., "subprocess.Popen[str]"],
    undisturbed: dict[str, str],
    milliseconds: int,
) -> None:
    run_steps(home, "pull", "tidy", "enrich")
    running = start_earshot("load", "-c", shop, "--home", home.root)
    while running.poll() is None and not has(home.root, ".warehouse.lock"):
        time.sleep(0.001)
    time.sleep(milliseconds / 1000)
    running.kill()
    running.communicate()
    run_steps(home, "load", "discover")
    assert core(home) == undisturbed
    assert not has(home.root, ".*.making")


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def ended(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    with contextlib.suppress(OSError):
        return stat.read_text().rpartition(")")[2].split()[0] == "Z"
    return True


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers through /proc")
def test_the_workers_of_a_killed_run_end_too(
    tmp_path: Path,
    write_config: Callable[..., Path],
    write_posts: Callable[..., Path],
    posts: list[dict[str, object]],
    earshot: Earshot,
    start_earshot: Callable[..., "subprocess.Popen[str]"],
) -> None:
    write_posts({**posts[number % 9], "id": str(number)} for number in range(60_000))
    path = write_config(("workers = 1", "workers = 2"))
    assert earshot("pull", "-c", path, "--home", tmp_path / "home").returncode == 0
    running = start_earshot("tidy", "-c", path, "--home", tmp_path / "home")
    workers: list[int] = []
    while running.poll() is None and len(workers) < 3:  # two and the one that keeps account of what they share
        workers = children(running.pid)
        time.sleep(0.01)
    running.kill()
    running.communicate()
    assert len(workers) == 3
    until = time.monotonic() + 20
    while not all(map(ended, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert [ended(worker) for worker in workers] == [True] * 3


@pytest.mark.parametrize("stage", ["tidy", "enriched"])
def test_a_step_killed_between_two_renames_is_mended_by_the_next_run(
    home: Home, run_steps: Callable[..., None], core: Core, march: March, undisturbed: dict[str, str], stage: str
) -> None:
    run_steps(home)
    folder = home.root / stage / "forum" / march(1, 4).name
    folder.rename(folder.with_name(f".{folder.name}.4711.old"))
    run_steps(home)
    assert core(home) == undisturbed
    assert [entry.name for entry in folder.parent.iterdir() if entry.suffix != ".lock"] == [folder.name]


# Two at once -------------------------------------------------------------------------------------------


def test_a_second_run_is_told_that_another_one_is_busy(shop: Path, home: Home, earshot: Earshot) -> None:
    with home.only_one("run"):
        done = earshot("run", "-c", shop, "--home", home.root)
    assert (done.returncode, last_line(done)) == (
        4,
        f"earshot: Another Earshot run holds the run of {home.root}. Wait for it to end, or stop it; "
        "a run that died holds nothing.",
    )


@pytest.mark.parametrize("step", ["pull", "tidy", "enrich", "load", "discover", "publish"])
def test_two_of_a_step_at_once_do_the_work_of_one(
    shop: Path,
    home: Home,
    run_steps: Callable[..., None],
    core: Core,
    start_earshot: Callable[..., "subprocess.Popen[str]"],
    undisturbed: dict[str, str],
    step: str,
) -> None:
    position = STEPS.index(step)
    run_steps(home, *STEPS[:position]) if position else None
    both = [start_earshot(step, "-c", shop, "--home", home.root) for _ in range(2)]
    codes = []
    for running in both:
        _, stderr = running.communicate(timeout=120)
        codes.append(running.returncode)
        assert "Traceback" not in stderr, stderr
    assert sorted(codes) in ([0, 0], [0, 4])
    run_steps(home, *STEPS[position:])
    assert core(home) == undisturbed


def test_a_warehouse_that_another_program_has_open_is_told(
    shop: Path, home: Home, run_steps: Callable[..., None], earshot: Earshot
) -> None:
    run_steps(home)
    program = f"import duckdb; held = duckdb.connect({str(home.warehouse)!r}); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "open\n"
        for step in ("load", "discover", "publish"):
            done = earshot(step, "-c", shop, "--home", home.root)
            assert (done.returncode, last_line(done)) == (
                4,
                f"earshot: {home.warehouse} is open in another program. Close it; to look at the tables open "
                f"{home.published}, which is never locked.",
            )
        other.communicate("\n")
    assert earshot("load", "-c", shop, "--home", home.root).returncode == 0


def test_a_reader_keeps_what_it_opened_while_a_new_file_is_published(
    shop: Path, home: Home, run_steps: Callable[..., None], earshot: Earshot
) -> None:
    run_steps(home)
    with duckdb.connect(home.published, read_only=True) as reader:
        with open_warehouse(home) as connection:
            connection.execute("delete from core.mentions")
        mark_sound(home.warehouse)
        assert earshot("publish", "-c", shop, "--home", home.root).returncode == 0
        assert reader.execute("select count(*) from core.mentions").fetchall() == [(9,)]
    asked = earshot("query", "select count(*) as n from core.mentions", "--home", home.root, "-f", "csv")
    assert asked.stdout == "n\n0\n"


# A full disk -------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """A file that leaves no room for another byte."""
    path = disk / FILL
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    return path


@pytest.mark.slow
def test_a_full_disk_in_every_step_is_told_and_costs_nothing_once_there_is_room(
    shop: Path,
    small_disk: Path,
    run_steps: Callable[..., None],
    core: Core,
    earshot: Earshot,
    undisturbed: dict[str, str],
) -> None:
    home = Home(small_disk / "home")
    home.root.mkdir()
    for step in STEPS:
        filler = fill(small_disk)
        done = earshot(step, "-c", shop, "--home", home.root)
        filler.unlink()
        assert done.returncode == 1, (step, done.stdout, done.stderr)
        assert last_line(done).startswith("earshot: The disk is full: "), (step, done.stderr)
        assert last_line(done).endswith("Make room and run the same command again; nothing is lost or doubled.")
        run_steps(home, step)
    assert core(home) == undisturbed
    published = home.published.read_bytes()
    filler = fill(small_disk)
    assert earshot("publish", "-c", shop, "--home", home.root).returncode == 1
    assert earshot("query", "select count(*) as n from core.mentions", "--home", home.root).returncode == 0
    filler.unlink()
    assert home.published.read_bytes() == published
    assert not has(home.root, ".*.making")


def test_a_file_that_may_not_grow_is_told(
    shop: Path,
    home: Home,
    run_steps: Callable[..., None],
    core: Core,
    earshot: Earshot,
    undisturbed: dict[str, str],
) -> None:
    run_steps(home, *STEPS[:-1])

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    done = earshot("publish", "-c", shop, "--home", home.root, preexec_fn=limit)
    assert done.returncode == 1
    assert last_line(done).startswith("earshot: The disk is full: "), done.stderr
    assert core(home) == undisturbed


def test_a_home_that_cannot_be_written_to_is_told(shop: Path, tmp_path: Path, earshot: Earshot) -> None:
    for home, reason in ((shop / "home", "Not a directory"), (Path("/proc/home"), "No such file or directory")):
        done = earshot("run", "-c", shop, "--home", home)
        assert (done.returncode, last_line(done)) == (
            2,
            f"earshot: The home {home} can't be written to: {reason}. Give another with --home.",
        )


def test_a_read_only_disk_is_told(shop: Path, small_disk: Path, earshot: Earshot) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = earshot("run", "-c", shop, "--home", small_disk)
    assert (done.returncode, last_line(done)) == (
        2,
        f"earshot: The home {small_disk} can't be written to: Read-only file system. Give another with --home.",
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_without_the_right_to_write_is_told(shop: Path, tmp_path: Path, earshot: Earshot) -> None:
    (tmp_path / "home").mkdir(mode=0o555)
    done = earshot("run", "-c", shop, "--home", tmp_path / "home")
    assert (done.returncode, "Permission denied" in last_line(done)) == (2, True)


# Damaged -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: b"\0" * len(file),
        lambda file: file[: len(file) // 2],
        lambda file: file[:4096] + os.urandom(len(file)),
    ],
    ids=["zeros", "half of it", "noise"],
)
def test_a_damaged_warehouse_is_told_and_made_anew_from_the_landing_folder(
    shop: Path,
    home: Home,
    run_steps: Callable[..., None],
    core: Core,
    earshot: Earshot,
    undisturbed: dict[str, str],
    damage: Callable[[bytes], bytes],
) -> None:
    run_steps(home)
    home.warehouse.write_bytes(damage(home.warehouse.read_bytes()))
    done = earshot("load", "-c", shop, "--home", home.root)
    assert done.returncode == 1
    assert last_line(done).startswith(f"earshot: {home.warehouse} can't be read: "), done.stderr
    assert last_line(done).endswith("the warehouse is made anew from the landing folder.")
    assert earshot("query", "select 1 as n", "--home", home.root, "-f", "csv").stdout == "n\n1\n"
    home.warehouse.unlink()
    run_steps(home)
    assert core(home) == undisturbed


def test_a_damaged_published_file_is_told(
    shop: Path, home: Home, run_steps: Callable[..., None], earshot: Earshot
) -> None:
    run_steps(home)
    home.published.write_bytes(b"\0" * 10_000)
    for words in (("status",), ("query", "select 1"), ("export", "--out", home.root / "out")):
        done = earshot(*words, "--home", home.root)
        assert (done.returncode, last_line(done).startswith("earshot: ")) == (1, True), done.stderr


@pytest.mark.parametrize("stage", ["landing", "tidy", "enriched"])
def test_a_damaged_file_between_two_steps_is_told(
    shop: Path, home: Home, run_steps: Callable[..., None], earshot: Earshot, stage: str
) -> None:
    run_steps(home, "pull", "tidy", "enrich")
    for path in (home.root / stage).rglob("*.parquet"):
        path.write_bytes(b"PAR1 no more")
    for path in (home.root / stage).rglob("*.zst"):
        path.write_bytes(b"no more")
    if stage == "landing":
        shutil.rmtree(home.tidy)
    if stage == "tidy":
        shutil.rmtree(home.enriched)
    step = {"landing": "tidy", "tidy": "enrich", "enriched": "load"}[stage]
    done = earshot(step, "-c", shop, "--home", home.root)
    code = {"landing": 3, "tidy": 2, "enriched": 1}[stage]
    assert (done.returncode, last_line(done).startswith("earshot: ")) == (code, True), done.stderr


@pytest.mark.slow
def test_marts_that_break_a_test_are_not_published(
    shop: Path, home: Home, run_steps: Callable[..., None], earshot: Earshot
) -> None:
    run_steps(home)
    published = home.published.read_bytes()
    with open_warehouse(home) as connection:
        connection.execute("insert into core.mentions from core.mentions limit 1")
    done = earshot("run", "-c", shop, "--home", home.root)
    assert done.returncode == 1
    assert "The marts are not sound, so they must not be published" in done.stderr
    assert "core_mentions_one_row_per_key" in done.stderr
    assert home.published.read_bytes() == published
