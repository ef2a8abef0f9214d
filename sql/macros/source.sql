{# A source without the database's name in front: so the views hold when the file is published under another. #}
{% macro source(schema_name, table_name) -%}
    {{ return(builtins.source(schema_name, table_name).include(database=false)) }}
{%- endmacro %}
