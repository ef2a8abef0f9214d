"""Writes the data dictionary, the page on earshot.toml and those on the networks from what the code declares.

Run as `python -m bootstrap.dictionary`. The first two begin with an introduction written by hand; what stands below
`MARKER` is made here, the same bytes each time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped]
from pydantic import BaseModel
from sqlalchemy import ARRAY, BigInteger, Boolean, Date, DateTime, Double, Integer, String, Table

from bootstrap.network_pages import network_pages
from connectors import CONNECTORS
from connectors.contract import Budget, SourceSettings
from pipelines.config.settings import Config
from pipelines.store import tables
from pipelines.store.home import whole_file

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
MARTS = ROOT / "sql" / "models" / "marts"
MARKER = "<!-- Everything below is written by `make docs`. Change the code that it comes from, not this page. -->"

WHOLE = "<!-- Written by `make docs`. Change the connector that it comes from, not this page. -->"

DUCKDB_TYPES: dict[type, str] = {
    String: "VARCHAR",
    BigInteger: "BIGINT",
    Integer: "INTEGER",
    Double: "DOUBLE",
    Boolean: "BOOLEAN",
    Date: "DATE",
    DateTime: "TIMESTAMP",
    ARRAY: "FLOAT[]",
}
"""What DuckDB calls the types that the tables are declared with."""


def main() -> None:
    """Write the pages anew and name them."""
    for path, content in pages().items():
        with whole_file(path) as making:
            making.write_text(content, encoding="utf-8")
        print(path.relative_to(ROOT))


def pages() -> dict[Path, str]:
    """Each page's path and its whole text: the introduction that stands there now, and what follows from the code."""
    made = {
        DOCS / "data-dictionary.md": data_dictionary(),
        DOCS / "configuration.md": configuration(),
    }
    written = {path: _introduction(path) + MARKER + "\n\n" + generated for path, generated in made.items()}
    networks = {DOCS / "networks" / name: f"{WHOLE}\n\n{text}" for name, text in network_pages().items()}
    return written | networks


def _introduction(path: Path) -> str:
    introduction, marker, _ = path.read_text(encoding="utf-8").partition(MARKER)
    if not marker:
        raise ValueError(f"{path} lacks the line {MARKER!r}, below which the generated part begins.")
    return introduction


# The data dictionary -----------------------------------------------------------------------------------


class Column(NamedTuple):
    """A column as readers see it."""

    name: str
    kind: str
    is_key: bool
    is_never_null: bool
    meaning: str


class Described(NamedTuple):
    """A table, what one row of it is, and its columns."""

    name: str
    meaning: str
    columns: list[Column]


def data_dictionary() -> str:
    """The generated part of the data dictionary: marts first, which most readers want, then what Python writes."""
    schemas = {
        "marts": ("Built by dbt in `sql/models/marts`. Read these first.", marts()),
        "core": ("Written by the steps in `pipelines/`. The same windows always give the same rows.", declared("core")),
        "ops": ("How the runs went, with wall-clock times.", declared("ops")),
    }
    return "\n".join(_dictionary_lines(schemas))


def _dictionary_lines(schemas: Mapping[str, tuple[str, list[Described]]]) -> Iterator[str]:
    for schema, (_, described) in schemas.items():
        links = " · ".join(f"[{table.name}](#{schema}{table.name})" for table in described)
        yield f"- **{schema}**: {links}"
    for schema, (meaning, described) in schemas.items():
        yield from ("", f"## Schema {schema}", "", meaning)
        for table in described:
            yield from ("", f"### {schema}.{table.name}", "", table.meaning, "")
            yield from _table(
                ("column", "type", "key", "NULL", "meaning"), (_cells(column) for column in table.columns)
            )
    yield ""


def _cells(column: Column) -> tuple[str, ...]:
    never_null = "never" if column.is_never_null else ""
    return f"`{column.name}`", column.kind, "key" if column.is_key else "", never_null, column.meaning


def declared(schema: str) -> list[Described]:
    """The tables that Python declares in a schema."""
    return [
        Described(table.name, table.comment or "", [_declared_column(table, column) for column in table.columns])
        for table in tables.tables(schema)
    ]


def _declared_column(table: Table, column: Any) -> Column:
    is_key = column.name in tables.key_columns(table)
    return Column(column.name, DUCKDB_TYPES[type(column.type)], is_key, not column.nullable, column.comment or "")


def marts(folder: Path = MARTS) -> list[Described]:
    """The marts that dbt describes, in alphabetical order, with the types of the contracts that it enforces."""
    models = [
        model
        for path in sorted(folder.glob("*.yml"))
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", ())
    ]
    return sorted((_mart(model) for model in models), key=lambda mart: mart.name)


def _mart(model: Mapping[str, Any]) -> Described:
    keys = _tested_columns(model, "one_row_per")
    columns = [
        Column(
            name=column["name"],
            kind=column["data_type"].upper(),
            is_key=bool(keys) and column["name"] in keys[0],
            is_never_null={"type": "not_null"} in column.get("constraints", ()),
            meaning=_one_line(column.get("description", "")),
        )
        for column in model.get("columns", ())
    ]
    return Described(model["name"], _one_line(model.get("description", "")), columns)


def _tested_columns(model: Mapping[str, Any], test: str) -> list[list[str]]:
    """The columns that each test of a kind names, in order: the first `one_row_per` of a mart is its key."""
    found = [entry[test] for entry in model.get("data_tests", ()) if isinstance(entry, dict) and test in entry]
    return [list(entry["arguments"]["columns"]) for entry in found]


# The configuration -------------------------------------------------------------------------------------


class Key(NamedTuple):
    """A key of the config: what may stand there, what holds without it, and what it means."""

    name: str
    allowed: str
    default: str
    meaning: str


class Section(NamedTuple):
    """A part of the config that has a heading of its own: `[[brands]]`, or the keys of one type of source."""

    title: str
    meaning: str
    keys: list[Key]


_MEANINGS = {
    "brands": "the brands to listen for: a `[[brands]]` section each",
    "sources": "where to listen: a `[[sources]]` section each",
    "themes": "what people may speak of: a `[[themes]]` section each",
    "language": "the section `[language]`",
    "guidelines": "rules of the community: a `[[guidelines]]` section each",
    "guidelines.id": "short name of the rule; `guideline:` and it is the flag",
    "guidelines.name": "name shown to readers",
    "sentiment": "the section `[sentiment]`",
    "intents": "the section `[intents]`",
    "topics": "the section `[topics]`",
    "emergence": "the section `[emergence]`",
    "digest": "the section `[digest]`",
    "transformers": "models of your own: a `[[transformers]]` section each",
    "brands.id": "short name of the brand; the value of `brand_id` in the tables",
    "brands.name": "name as people write it, shown to readers",
    "brands.competitor": "whether it is watched for comparison only",
    "themes.id": "short name of the theme; the value of `theme_id` in the tables",
    "themes.name": "name shown to readers",
    "themes.terms": "words and phrases; one of them in a text is enough",
    "digest.title": "heading of the digest",
    "sentiment.engine": "what scores the sentiment; see [models](models.md)",
    "language.expected": "ISO 639-1 codes of the languages to choose from; fewer means fewer mistakes on short posts",
    "files.kind": "what a record is, where nothing says that it answers another",
    "files.columns": "which column holds what; see the table below",
    "files.delimiter": "what separates the cells of a CSV file",
    "files.encoding": "encoding of a CSV file",
    "columns.id": "the post's own id; where there is none, one is made from author, time and text",
    "columns.created_at": "when it was written; needed",
    "columns.text": "what was written; needed",
    "columns.title": "title",
    "columns.url": "where a person can read it",
    "columns.author": "handle of the author, without @",
    "columns.author_name": "display name of the author",
    "columns.followers": "followers of the author",
    "columns.community": "forum, channel or subreddit",
    "columns.parent_id": "id of the post that it answers",
    "columns.root_id": "id of the post that opened the thread",
    "columns.addressed_to": "handles that it speaks to, separated by spaces, commas or semicolons",
    "columns.lang": "language code as the network tells it; used where the text is too short to tell",
    "columns.likes": "number of likes",
    "columns.replies": "number of replies",
    "columns.reposts": "number of reposts",
    "columns.quotes": "number of quoting posts",
    "columns.views": "number of views",
    "columns.score": "up-votes less down-votes",
    "columns.rating": "stars that a review gives, 1 to 5",
    "columns.product_version": "version of the product that a review is of",
}
"""What keys mean whose models do not say it themselves, or say it for readers of the code."""

_PATTERNS = {
    r"^[a-z0-9][a-z0-9_-]{0,39}$": "small letters, digits, `-` and `_`; at most 40",
    r"^[a-z]{2}$": "two small letters",
    r"^[A-Za-z0-9_-]{3,20}$": "3 to 20 letters, digits, `-` and `_`",
}


def configuration() -> str:
    """The generated part of the page on earshot.toml."""
    lines: list[str] = []
    for section in sections():
        lines += [f"## {section.title}", ""]
        lines += [section.meaning, ""] if section.meaning else []
        lines += _table(("key", "what may stand there", "without it", "meaning"), (_shown(key) for key in section.keys))
        lines.append("")
    return "\n".join(lines)


def _shown(key: Key) -> tuple[str, ...]:
    return f"`{key.name}`", key.allowed, key.default, key.meaning


def sections() -> list[Section]:
    """Every section of the config with all its keys, as the models declare them."""
    found = [_section("The top of the file", "", Config, "")]
    schema = Config.model_json_schema()
    for name, field in schema["properties"].items():
        if name == "sources":
            continue
        section = _resolved(field.get("items", field), schema)
        if section.get("type") == "object":
            title = f"`[[{name}]]`" if "items" in field else f"`[{name}]`"
            found.append(Section(title, _sentence(section), _keys(section, schema, name)))
    common = set(SourceSettings.model_fields)
    found.append(_section("`[[sources]]`, whatever the type", "", SourceSettings, "sources"))
    found.append(_section("`budget` of any source", _sentence(Budget.model_json_schema()), Budget, "budget"))
    for name, connector in sorted(CONNECTORS.items()):
        found += _source_sections(name, connector.Settings, common)
    return found


def _source_sections(name: str, model: type[SourceSettings], common: set[str]) -> Iterator[Section]:
    schema = model.model_json_schema()
    own = {key: field for key, field in schema["properties"].items() if key not in common}
    network = CONNECTORS[name].NETWORK
    told = f"{network.title}. Limits: {network.limits}. Reaches back: {network.reaches_back}."
    if network.credentials:
        told += " Credentials: " + ", ".join(f"`{key}` ({what})" for key, what in network.credentials.items()) + "."
    told += f" See <{network.source_url}>."
    yield Section(f'`[[sources]]` with `type = "{name}"`', told, _keys(schema | {"properties": own}, schema, name))
    for key, field in own.items():
        nested = _resolved(field, schema)
        if nested.get("type") == "object":
            title = f'`{key}` of a source with `type = "{name}"`'
            yield Section(title, _sentence(nested), _keys(nested, schema, key))


def _section(title: str, meaning: str, model: type[BaseModel], prefix: str) -> Section:
    schema = model.model_json_schema()
    return Section(title, meaning, _keys(schema, schema, prefix))


def _keys(section: Mapping[str, Any], schema: Mapping[str, Any], prefix: str) -> list[Key]:
    needed = section.get("required", ())
    return [
        Key(
            name=name,
            allowed=_allowed(_resolved(field, schema), schema),
            default="needed" if name in needed else _default(field),
            meaning=_MEANINGS.get(f"{prefix}.{name}" if prefix else name)
            or field.get("description")
            or ("the type of the source" if name == "type" else ""),
        )
        for name, field in section["properties"].items()
    ]


def _resolved(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a field refers to, where it refers to another model."""
    reference = field.get("$ref")
    return schema["$defs"][reference.rpartition("/")[2]] if reference else field


def _allowed(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What may stand at a key, in words."""
    if "anyOf" in field:
        return " or ".join(_allowed(one, schema) for one in field["anyOf"] if one.get("type") != "null")
    if "const" in field or "enum" in field:
        return ", ".join(f"`{json.dumps(value)}`" for value in field.get("enum", [field.get("const")]))
    if "pattern" in field:
        return _PATTERNS.get(field["pattern"], f"`{field['pattern']}`")
    kind = field.get("type")
    if kind == "array":
        items = _resolved(field["items"], schema)
        plain = items.get("type") == "string"
        return _at_least("list of texts" if plain else "sections", field.get("minItems"))
    if kind in {"integer", "number"}:
        return " ".join(["whole number" if kind == "integer" else "number", _bounds(field)]).strip()
    if kind == "string" and field.get("maxLength") == 1:
        return "one character"
    words = {"boolean": "true or false", "object": "section", "string": "text"}
    formats = {"date-time": "date or time, UTC", "uri": "https address"}
    return formats.get(field.get("format", ""), words.get(str(kind), str(kind)))


def _bounds(field: Mapping[str, Any]) -> str:
    """From where to where a number may go, in words."""
    least, above, most = field.get("minimum"), field.get("exclusiveMinimum"), field.get("maximum")
    if least is not None:
        return f"{least} to {most}" if most is not None else f"from {least}"
    return ", ".join(
        [*([f"above {above}"] if above is not None else []), *([f"up to {most}"] if most is not None else [])]
    )


def _at_least(what: str, fewest: int | None) -> str:
    return f"{what}, at least {fewest}" if fewest else what


def _default(field: Mapping[str, Any]) -> str:
    """What holds where the key is not given, as one would write it in TOML."""
    value = field.get("default")
    if value is None:
        return "–"
    if isinstance(value, dict):
        return "as below"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _sentence(section: Mapping[str, Any]) -> str:
    return _one_line(section.get("description", ""))


# Markdown ----------------------------------------------------------------------------------------------


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A Markdown table; columns that are empty in every row are left out."""
    listed = list(rows)
    filled = [position for position in range(len(head)) if any(row[position] for row in listed)]
    yield _row(head[position] for position in filled)
    yield "|---" * len(filled) + "|"
    yield from (_row(row[position] for position in filled) for row in listed)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
