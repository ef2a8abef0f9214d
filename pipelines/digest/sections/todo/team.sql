select count(*) filter (where is_team) > 0 as has_team
from marts.mentions
