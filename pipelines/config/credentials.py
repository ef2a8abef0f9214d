"""Credentials come from the environment or from Airflow connections, and never go anywhere but to the client."""

import os
from collections.abc import Mapping

from connectors.contract import SourceSettings
from connectors.transport import variable
from pipelines.config.settings import connector_of


def from_environment(settings: SourceSettings, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The credentials that a source needs, as far as the environment has them."""
    names = connector_of(settings).NETWORK.credentials
    found = {name: environ.get(variable(settings, name), "") for name in names}
    return {name: value for name, value in found.items() if value}


def missing(settings: SourceSettings, environ: Mapping[str, str] = os.environ) -> list[str]:
    """The environment variables that a source still needs."""
    network = connector_of(settings).NETWORK
    found = from_environment(settings, environ).keys() | network.optional
    return [variable(settings, name) for name in network.credentials if name not in found]
