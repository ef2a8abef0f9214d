"""What moderators should look at: who may need help first, then what is gravest."""

from dataclasses import replace

from pipelines.digest.frozen import FlagCount, Flagged, Moderation
from pipelines.digest.queries import Asker, Row
from pipelines.digest.quotes import quote_of
from pipelines.digest.text import clean, shorten

NOT_QUOTED = "personal-data"
LONGEST_EVIDENCE = 120


def moderation(asker: Asker, limit: int) -> Moderation:
    """Flags of the period by severity, and the posts behind the gravest of them."""
    counts = [FlagCount(clean(row["flag"]), row["severity"], row["mentions"]) for row in asker.ask("flag_counts")]
    rows = asker.ask("flagged", limit=limit)
    return Moderation(counts, rows[0]["posts_count"] if rows else 0, [_flagged(row) for row in rows])


def _flagged(row: Row) -> Flagged:
    quote = quote_of(row)
    if NOT_QUOTED in row["flags"]:  # a digest is passed on: what somebody should take down is not spread by it
        quote = replace(quote, title=None, text="", is_shortened=True)
    evidence = shorten(clean(row["evidence"]), LONGEST_EVIDENCE)[0] if row["evidence"] else None
    return Flagged(quote, [clean(flag) for flag in row["flags"]], evidence, row["place"] == 0)
