"""Every night: what was said the day before, from every source, into earshot.duckdb."""

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, TriggerRule, chain, conf, dag, get_current_context, task, task_group
from task_settings import PUBLISHED, config, credentials, day_param, home, now, rescheduled_where_told, window

WAREHOUSE = "warehouse"
"""A pool of one slot: DuckDB has one writer, whichever run of whichever DAG it belongs to."""

SCHEDULE = conf.get("earshot", "nightly_schedule", fallback="0 3 * * *")
"""A daily hour in UTC as a cron expression, or `never`. At 03:00 the networks' own counters have settled."""

SOURCE_ID = "{{ task.op_kwargs['source_id'] }}"
"""What the UI calls each copy of a mapped task."""


@dag(
    schedule=None if SCHEDULE == "never" else CronDataIntervalTimetable(SCHEDULE, timezone="UTC"),
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params={
        "start": day_param("first day, UTC; leave both empty for the day before"),
        "end": day_param("the day after the last, UTC"),
    },
    default_args={"owner": "earshot", "retries": 0},
    tags=["earshot"],
    doc_md=__doc__
    + """

The night begins with what people labelled: `learn`.

Each source is pulled, tidied and enriched on its own, side by side. A source that fails turns the run red
(`every_source_answered`), and the others still arrive. `load` to `publish` hold the warehouse, one at a time. All steps
may run again: the same window gives the same tables.

Trigger by hand with `start` and `end`, or fill a longer gap with `airflow backfill create --dag-id nightly`.
""",
)
def nightly() -> None:
    @task
    def learn() -> None:
        """Learn from the labels that people gave since the last night, before any source is read."""
        from pipelines.learning.learn import learn

        learn(home(), config())

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def sources() -> list[str]:
        """The ids of the config's sources."""
        return [source.id for source in config().sources]

    @task
    def every_source_answered() -> None:
        """Green only where every source went all the way: a leaf of the DAG, so that the run is red otherwise."""

    every_source = every_source_answered()
    learned, source_ids = learn(), sources()
    chain(learned, source_ids)
    chain(learned, every_source)

    @task_group
    def source(source_id: str) -> None:
        @task(
            retries=2,
            retry_delay=timedelta(minutes=2),
            retry_exponential_backoff=True,
            max_retry_delay=timedelta(hours=1),
            execution_timeout=timedelta(hours=6),
            map_index_template=SOURCE_ID,
        )
        def pull(source_id: str) -> None:
            """Land what the source answers, gaps of earlier nights first; fails, with that landed, where it did not
            answer in full. A source that wants to wait is asked again when it says.
            """
            from pipelines.pull import pull_with_gaps

            settings = config()
            keys = credentials(settings.source(source_id))
            with rescheduled_where_told():
                pull_with_gaps(home(), settings, source_id, window(get_current_context()), keys, now())

        # a source that failed half-way has landed the other half
        @task(trigger_rule=TriggerRule.ALL_DONE, map_index_template=SOURCE_ID)
        def tidy(source_id: str) -> None:
            """Turn what landed into records; fails, with those that could be read, where most could not. What is there
            already from the same answers is left alone.
            """
            from pipelines.tidy import tidy_landed

            tidy_landed(home(), config(), source_id, window(get_current_context()))

        # what could be read goes on, though the source that could not be read in full has turned the run red
        @task(trigger_rule=TriggerRule.ALL_DONE, map_index_template=SOURCE_ID)
        def enrich(source_id: str) -> None:
            """Read language, brands, sentiment and themes from the texts, old ones too where the config has changed."""
            from pipelines.enrich import enrich_tidied

            enrich_tidied(home(), config(), source_id)

        steps = [step(source_id=source_id) for step in (pull, tidy, enrich)]
        chain(*steps)
        chain(steps, every_source)

    @task(trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS, pool=WAREHOUSE)
    def load() -> int:
        """Bring what was enriched into the warehouse; returns the number of rows."""
        from pipelines.load import load

        return load(home(), config())

    @task(pool=WAREHOUSE)
    def discover() -> None:
        """Find what needs the whole picture: duplicates, topics, what emerges, influence."""
        from pipelines.discover import discover

        discover(home(), config())

    @task(pool=WAREHOUSE)
    def model() -> None:
        """Build and test the marts; fails, with the published file as it was, where a test does."""
        from pipelines.model import model

        where = home()
        model(where.warehouse, where.logs)

    @task(pool=WAREHOUSE, outlets=[PUBLISHED])
    def publish() -> str:
        """Swap in the new earshot.duckdb and say up to when it goes."""
        from pipelines.publish import publish

        context = get_current_context()
        published = publish(home())
        context["outlet_events"][PUBLISHED].extra = {"until": window(context).end.isoformat()}
        return str(published)

    chain(source.expand(source_id=source_ids), load(), discover(), model(), publish())


nightly()
