-- users: one row per user, as the newest source that names the user has it.
SELECT user_id, user_name, user_age, user_country, created_at
FROM (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY user_id
      ORDER BY
        intake DESC NULLS FIRST,
        source_id DESC NULLS FIRST,
        COALESCE(user_name, '') NULLS FIRST,
        user_age NULLS FIRST,
        COALESCE(user_country, '') NULLS FIRST,
        COALESCE(created_at, '') NULLS FIRST
    ) AS place
  FROM users_rows
) AS placed
WHERE place = 1
