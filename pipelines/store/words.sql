-- Words that the steps before the marts and the marts share: what each means stands here and nowhere else.

-- name: is_standing
-- somebody's own words that are still there
create or replace macro core.is_standing(deleted_at, kind) as deleted_at is null and kind != 'repost';

-- name: is_earned
-- said by others than the team
create or replace macro core.is_earned(deleted_at, kind, is_team) as
core.is_standing(deleted_at, kind) and not coalesce(is_team, false);

-- name: is_seen_whole
-- a window of which all was seen and could be read; what older versions loaded does not say whether it could be read
create or replace macro core.is_seen_whole(is_complete, status) as
coalesce(is_complete, status in ('ok', 'verified-empty'));
