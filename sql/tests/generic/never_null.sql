{# Names each of the columns in which something is missing, with how often; one pass over the table for all of them. #}
{% test never_null(model, columns) %}

with

missing as (
    select
        {% for column in columns %}
            count(*) - count({{ column }}) as {{ column }}{{ "," if not loop.last }}
        {% endfor %}
    from {{ model }}
),

named as (
    unpivot missing
    on {{ columns | join(", ") }}
    into name column_name value rows_count
)

select
    column_name,
    rows_count
from named
where rows_count > 0

{% endtest %}
