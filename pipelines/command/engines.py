"""Engines: on a file of one's own, and held against what people say."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.command.app import (
    DEFAULT_CONFIG,
    ConfigOption,
    HomeOption,
    JsonOption,
    OptionalConfigOption,
    UnusedHomeOption,
    app,
    opened,
    out,
    progress,
    told,
)
from pipelines.config.settings import load_config
from pipelines.errors import InputError
from pipelines.store.home import Home, path_or_default


@app.command("score")
def score_texts(
    file: Annotated[Path, typer.Argument(help="CSV, JSON Lines or Parquet, plain or packed with gzip or zstd.")],
    text: Annotated[str, typer.Option(help="Column that holds the texts.")],
    to: Annotated[Path, typer.Option("--out", help="File to write: .csv, .jsonl or .parquet.")],
    config: OptionalConfigOption = None,
    _home: UnusedHomeOption = None,
    language: Annotated[str | None, typer.Option(help="Language of texts that are too short to tell, e.g. en.")] = None,
) -> None:
    """Add language, sentiment and themes to the rows of any file. Needs no warehouse."""
    from pipelines.config.settings import LanguageSettings
    from pipelines.enrich.lens import Lens, lens_of
    from pipelines.enrich.score import score_file

    lens = lens_of(load_config(config), language) if config else Lens((), (), LanguageSettings().expected, language, ())
    with progress(f"score {file.name}") as advance:
        scored, unread = score_file(file, text, to, lens, advance)
    out.print(f"{scored:,} rows scored, {unread:,} could not be read", highlight=False)


@app.command("evaluate")
def evaluate_engine(
    task: Annotated[
        str, typer.Argument(help="sentiment, intent, moderation, spam, tones, language, duplicates or topics.")
    ],
    file: Annotated[
        Path | None, typer.Argument(help="CSV, JSON Lines or Parquet, plain or packed with gzip or zstd.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="Column that holds the texts.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="Column of labels; of several people's, the majority counts.")
    ] = None,
    own_labels: Annotated[
        bool, typer.Option("--labels", help="Measure on the labels of `earshot label`, in place of a file.")
    ] = False,
    home: HomeOption = None,
    other: Annotated[str | None, typer.Option(help="Column of the second text, for duplicates.")] = None,
    engine: Annotated[str | None, typer.Option(help="What answers; without it, what a night runs.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="Column whose values are measured each; may repeat.")] = None,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="OLD=NEW for a label, OLD= to leave its rows out; may repeat.")
    ] = None,
    config: OptionalConfigOption = None,
    language: Annotated[str | None, typer.Option(help="Language of texts that are too short to tell, e.g. en.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure an engine on a file that people labelled: how often it is right, and where it is not."""
    from pipelines.config.settings import LanguageSettings
    from pipelines.enrich.lens import Lens, lens_of
    from pipelines.evaluation.evaluate import Columns, evaluate, read_mapping
    from pipelines.evaluation.own_labels import labelled_file
    from pipelines.evaluation.table import as_tables
    from pipelines.pull.landing import encode

    lens = lens_of(load_config(config), language) if config else Lens((), (), LanguageSettings().expected, language, ())
    with ExitStack() as held:
        if own_labels:
            if file or text or label or other or group:
                raise InputError("--labels takes the place of a FILE and its columns: give the one or the other.")
            file, columns = held.enter_context(labelled_file(Home(path_or_default(home)), task))
        elif file and text and label:
            columns = Columns(text, tuple(dict.fromkeys(label)), other, tuple(dict.fromkeys(group or ())))
        else:
            raise InputError("Expected a FILE with --text and --label, or --labels for those of `earshot label`.")
        advance = held.enter_context(progress(f"evaluate {file.name}"))
        if task == "topics":
            _evaluate_topics(file, columns, engine, advance, as_json)
            return
        found = evaluate(file, task, columns, lens, engine=engine, mapping=read_mapping(mapping or ()), advance=advance)
    if as_json:
        typer.echo(encode(found))
        return
    for part in as_tables(found):
        out.print(part, highlight=False)


def _evaluate_topics(
    file: Path, columns: Any, engine: str | None, advance: Callable[[int], None], as_json: bool
) -> None:
    """Topics have no right names: found groups are held against people's."""
    from pipelines.evaluation.evaluate import labelled_texts
    from pipelines.evaluation.topics import as_text, evaluate_topics
    from pipelines.pull.landing import encode
    from reading.topics.embedding import DEFAULT

    found = evaluate_topics(*labelled_texts(file, columns, advance), engine or DEFAULT)
    if as_json:
        typer.echo(encode(found))
    else:
        told(as_text(found))


@app.command()
def learn(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Learn from the labels, and say for each source whether what was learned takes over. A night begins with it."""
    from pipelines.learn import step
    from pipelines.learn.table import as_tables

    settings, where = opened(config, home)
    with progress("learn"):
        found = step.learn(where, settings)
    for learnt in found:
        out.print(f"{learnt.labels_count:,} posts are labelled for {learnt.task}", highlight=False)
        if learnt.why_not:
            why_not = f"Nothing is learned from them yet: {learnt.why_not}."
            told(why_not)
        for part in as_tables(learnt):
            out.print(part, highlight=False)
