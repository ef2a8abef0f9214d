"""Which window a run is for, where nobody says."""

from datetime import datetime, timedelta

from connectors.contract import Window
from pipelines.config.settings import Config
from pipelines.errors import InputError
from pipelines.pull import landing
from pipelines.store.home import Home


def window_for(
    config: Config, home: Home, source_id: str, since: datetime | None, until: datetime | None, now: datetime
) -> Window | None:
    """The window to ask a source for; None where nothing is left to ask.

    What the caller says goes first, then the config. Else the window ends at the last midnight UTC and begins where the
    newest complete window of the source ended, or a day earlier where there is none.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    end = until or config.until or midnight
    complete = [
        window.end
        for landed_source, window in landing.windows(home)
        if landed_source == source_id and landing.is_complete(landing.window_folder(home, source_id, window))
    ]
    start = since or config.since or min(max(complete, default=end - timedelta(days=1)), end)
    if since is None and config.since is None and start == end:
        return None
    if start >= end:
        raise InputError(f"The window would begin at {start} and end at {end} UTC: --since must come before --until.")
    return Window(start, end)


def newest_end(home: Home) -> datetime:
    """The end of the newest landed window; `InputError` where nothing has landed."""
    ends = [window.end for _, window in landing.windows(home)]
    if not ends:
        raise InputError(f"Nothing has landed in {home.root}. Run `earshot run` or `earshot pull` first.")
    return max(ends)
