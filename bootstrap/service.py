"""`make airflow`: Airflow with its UI and the nightly schedule on, until Ctrl-C.

Runs on the config that EARSHOT_CONFIG names, else on earshot.toml, else on the sandbox.
"""

import os
import sys
import time
from pathlib import Path

from bootstrap.local_airflow import ROOT, LocalAirflow, StartError, ended_by_signals, is_free
from bootstrap.night import CONFIG as SANDBOX_CONFIG
from bootstrap.night import DAY_AFTER_LAST, FIRST_DAY, SANDBOX_PORT, sandbox_credentials
from bootstrap.night import HOME as SANDBOX_HOME

PORT = 8080


def main() -> int:
    """Serve until Ctrl-C; every process that was started is stopped."""
    config = _config()
    is_sandbox = config == SANDBOX_CONFIG
    for port in (PORT, SANDBOX_PORT) if is_sandbox else (PORT,):
        if not is_free(port):
            print(f"Port {port} is taken. Stop what listens there and try again.", file=sys.stderr)
            return 1
    home = Path(os.environ.get("EARSHOT_HOME") or (SANDBOX_HOME if is_sandbox else ROOT / ".earshot"))
    airflow = LocalAirflow(config, home, port=PORT)
    try:
        with ended_by_signals():
            print(f"Starting Airflow on {config}", flush=True)
            if is_sandbox:
                airflow.environ |= sandbox_credentials()
                command = ["python", "-m", "sandbox.server", "--port", str(SANDBOX_PORT), "--keeps-time"]
                airflow.processes.start("sandbox", command, airflow.environ)
            airflow.start()
            print(f"UI         {airflow.url}\nhome       {home}\nlogs       {airflow.home / 'logs'}")
            print(f"commands   AIRFLOW_HOME={airflow.home} .venv/bin/airflow …")
            if is_sandbox:
                print(f"sandbox    speaks of {FIRST_DAY} to {DAY_AFTER_LAST}: trigger earshot_nightly with these days")
            print("Ctrl-C stops it.", flush=True)
            while True:
                airflow.processes.check()
                time.sleep(1)
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        airflow.stop()


def _config() -> Path:
    if named := os.environ.get("EARSHOT_CONFIG"):
        return Path(named).resolve()
    own = ROOT / "earshot.toml"
    return own if own.is_file() else SANDBOX_CONFIG


if __name__ == "__main__":
    sys.exit(main())
