"""What people say of posts and accounts."""

import getpass
import sys
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
import typer

from pipelines.command.app import DEFAULT_CONFIG, HomeOption, SourceOption, UnreadConfigOption, app, out, told
from pipelines.errors import InputError
from pipelines.store.home import Home, path_or_default

if TYPE_CHECKING:  # importing them takes long, and only this command needs them
    from pipelines.people.labelling import Import
    from pipelines.people.labels import Question


class Order(StrEnum):
    """Which posts of a group people are asked about first."""

    uncertain = "uncertain"
    random = "random"


class Task(StrEnum):
    """What people are asked about a post."""

    sentiment = "sentiment"
    intent = "intent"
    topic = "topic"
    moderation = "moderation"
    account = "account"


@app.command("label")
def label_posts(
    mention: Annotated[
        list[str] | None, typer.Argument(help="Label these, not a sample: posts by mention_id, accounts by author_id.")
    ] = None,
    _config: UnreadConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    task: Annotated[list[Task] | None, typer.Option(help="What is asked; may repeat.  [default: sentiment]")] = None,
    target: Annotated[str, typer.Option(help="text, or the id of the brand that the answers are about.")] = "text",
    count: Annotated[int, typer.Option(min=1, max=100_000, help="Posts in the sample.")] = 50,
    order: Annotated[Order, typer.Option(help="Least sure first, or at random within a group.")] = Order.uncertain,
    source: SourceOption = None,
    lang: Annotated[str | None, typer.Option(help="Only posts in this language, e.g. en.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed draws other posts.")] = 0,
    by: Annotated[str | None, typer.Option(help="Who answers.  [default: your login name]")] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Write the sample as CSV, to be filled in.")] = None,
    filled: Annotated[Path | None, typer.Option("--in", help="Read a filled-in file back.")] = None,
) -> None:
    """Say what you see in posts, one at a time or in a spreadsheet. Your word stands above every engine's."""
    from pipelines.people import accounts, labelling, sampling
    from pipelines.people import labels as store

    where = Home(path_or_default(home))
    who = labelling.person(by or getpass.getuser())
    now = partial(datetime.now, UTC)
    if filled is not None:
        _read_answers(labelling.read_answers(where, filled, who, now().replace(tzinfo=None)))
        return
    tasks = tuple(dict.fromkeys(chosen.value for chosen in task or [Task.sentiment]))
    wanted = sampling.Wanted(tasks, target, count, source, lang, order is Order.random, seed)
    if store.ACCOUNT in tasks and len(tasks) > 1:
        raise InputError(f"--task {store.ACCOUNT} asks about accounts, the others about posts: ask for it alone.")
    if store.ACCOUNT in tasks:
        posts = accounts.named(where, mention) if mention else accounts.sample(where, wanted, store.read(where), who)
    else:
        posts = sampling.posts(where, mention) if mention else sampling.sample(where, wanted, store.read(where), who)
    if to is not None:
        labelling.write_sample(to, posts, tasks, target)
        told(f"{len(posts):,} posts in {to}")
        return
    if not posts:
        out.print("No such post is left to label: you have judged them all, or nothing is published yet.")
        return
    topics = sampling.topics(where)
    session = labelling.Session(where, who, tasks, target, _ask, out, lambda: now().replace(tzinfo=None), topics)
    kept = session.label(posts)
    told(f"{kept:,} answers kept in {where.labels}")


def _ask(question: "Question") -> str | None:
    """A key on a terminal where one is enough, else a line; None at the end of the input."""
    try:
        if not sys.stdin.isatty():
            return sys.stdin.readline() or None
        if question.choices and not question.takes_several:
            return click.getchar()
        return input("> ")
    except EOFError:
        return None
    except UnicodeDecodeError as error:
        raise InputError(f"An answer is no UTF-8 text ({error}); what was kept before stays.") from error


def _read_answers(found: "Import") -> None:
    out.print(f"{found.kept:,} answers kept, {found.unchanged:,} were there already", highlight=False)
    if found.bad:
        shown = [*found.bad[:MOST_FAULTS], *(["…"] if len(found.bad) > MOST_FAULTS else [])]
        raise InputError(f"{len(found.bad)} answers can't be read; the others are kept:\n  " + "\n  ".join(shown))


MOST_FAULTS = 50
"""Lines of a file that are named one by one."""
