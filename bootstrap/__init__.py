"""What sets up the environment and runs Airflow on one machine, behind `make`."""
