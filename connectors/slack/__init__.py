"""Slack: messages and threads of channels in a workspace of your own, read by a bot that was invited to them.

Channels are read newest first. Slack shows an answer in a thread only with that thread, so the channel is read some
days further back, and threads with an answer in the window are read whole. Messages of the last days are looked at
again: edits follow, and what is gone from the channel is deleted here.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from connectors.contract import Listening, Network, Query, Shape, SourceSettings

NETWORK = Network(
    name="slack",
    title="Slack",
    handle_prefix="@",
    page_size=200,
    limits="50 requests a minute for each method, where the app belongs to the workspace; apps that are handed out "
    "without Slack's approval get one request a minute and 15 messages each",
    reaches_back="to the channel's beginning, or 90 days in a free workspace",
    source_url="https://docs.slack.dev/apis/web-api/rate-limits",
    credentials={"token": "the bot token of an app in the workspace, xoxb-…"},
    pace_seconds=1.2,
    recheck_size=200,
    setup="""
1. At [api.slack.com/apps](https://api.slack.com/apps) create an app *from scratch* in your workspace.
2. Under *OAuth & Permissions* add the bot token scopes `channels:read`, `channels:history` and `users:read`; for
   private channels also `groups:read` and `groups:history`. Nothing else is needed: the app can't write.
3. Install it and copy the *Bot User OAuth Token*. Put it into the environment as `EARSHOT_SLACK_TOKEN`, where the
   source's id is `slack`.
4. Invite the bot to each channel: `/invite @your-app`. Tell the people there that it listens.

A workspace that doesn't let bots read threads answers `not_allowed_token_type`; a user token with the same scopes
works.
""",
    cannot=(
        "Channels that the bot was not invited to, direct messages, and workspaces of others.",
        "In a free workspace what is older than 90 days: Slack hides it, and here it stays.",
        "Answers to a thread that began more than `watch_days` before the window.",
        "What files and pictures show: only their titles are read.",
        "E-mail addresses of people: they are not asked for.",
    ),
    handle=Shape(r"[\w.-]+", "mira"),
    community=Shape(r"[\w-]+/#\S+", "halmora/#help"),
)


def _channel(name: str) -> str:
    name = name.strip().removeprefix("#").lower()
    if not re.fullmatch(r"[^\s#,.()!@&/]{1,80}", name):
        raise ValueError("write a channel's name as in '#help', or its id, such as C024BE91L")
    return name


class Settings(SourceSettings):
    """Channels of a Slack workspace."""

    type: Literal["slack"]
    channels: tuple[Annotated[str, AfterValidator(_channel)], ...] = Field(
        min_length=1, description="channels to follow, by name or id, to which the bot is invited"
    )
    threads: bool = Field(True, description="read the whole thread of each message that is new or newly answered")
    watch_days: int = Field(
        14,
        ge=0,
        le=365,
        description="days for which a message is watched for answers; longer costs a few requests more",
    )


def queries(settings: Settings, listening: Listening) -> list[Query]:  # noqa: ARG001 - part of the contract
    """A query for each channel."""
    return [Query(f"#{name}", name) for name in dict.fromkeys(settings.channels)]
