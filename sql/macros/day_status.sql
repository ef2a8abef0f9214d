{# Whether a day was seen, by the statuses of the queries that count for it: `complete` only where each of them is. #}
{% macro day_status() -%}
case
            when bool_and(status = 'complete') then 'complete'
            when bool_and(status = 'missing') then 'missing'
            else 'partial'
        end
{%- endmacro %}
