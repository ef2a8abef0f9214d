-- name: tables
select
    table_name,
    list(column_name order by ordinal_position) as columns
from information_schema.columns
where table_schema = $schema
group by all
order by table_name;
