"""Build the marts, by way of dbt."""
