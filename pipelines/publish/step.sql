-- name: tables
select
    table_name,
    comment
from duckdb_tables()
where database_name = current_database() and schema_name = $1;

-- name: columns
select
    table_name,
    column_name,
    data_type,
    is_nullable,
    comment
from duckdb_columns()
where database_name = current_database() and schema_name = $1
order by table_name, column_index;
