{# The keys that stand in more than one row. #}
{% test one_row_per(model, columns) %}

select
    {{ columns | join(", ") }},
    count(*) as rows_count
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1

{% endtest %}
