"""After every publication: the digest of the period that ends where the new data ends."""

from datetime import datetime

from airflow.sdk import dag, get_current_context, task
from task_settings import PUBLISHED, config, day_param, home, untils


@dag(
    schedule=[PUBLISHED],
    catchup=False,
    params={"until": day_param("the day after the period's last, UTC; for a digest by hand")},
    default_args={"owner": "earshot", "retries": 0},
    tags=["earshot"],
    doc_md=__doc__
    + """

Reads `until` from the event of the asset `earshot_published`; several publications since the last run give a digest
each. Trigger by hand with `until` to make one again.
""",
)
def digest() -> None:
    # a mapped task takes no documentation from its docstring
    @task(map_index_template="{{ task.op_kwargs['until'] }}", doc_md="Write HTML, Markdown and JSON of a period.")
    def write(until: str) -> str:
        """Return the path of the HTML."""
        from pipelines.digest import digest

        where = home()
        return str(digest(where.published, where.digests, config().digest, datetime.fromisoformat(until)).html)

    @task
    def periods() -> list[str]:
        """Where the periods to write about end."""
        from pipelines.errors import InputError

        context = get_current_context()
        if by_hand := context["params"].get("until"):
            return [by_hand]
        if ends := untils(context["triggering_asset_events"].get(PUBLISHED, [])):
            return [end.isoformat() for end in ends]
        raise InputError("Nothing was published that this run could be for: trigger it with until.")

    write.expand(until=periods())


digest()
