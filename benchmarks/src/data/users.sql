-- users: one row per user.
SELECT
  user_id,
  concat('User ', user_id) AS user_name,
  CAST(13 + floor(draw(user_id, 'age') * 75) AS BIGINT) AS user_age,
  list_extract(
    ['Brazil', 'France', 'Germany', 'India', 'Japan', 'Mexico', 'Nigeria', 'United Kingdom', 'United States'],
    CAST(1 + floor(draw(user_id, 'country') * 9) AS BIGINT)
  ) AS user_country,
  DATE '2020-01-01' + CAST(floor(draw(user_id, 'joined') * 1600) AS INTEGER) AS created_at
FROM range(1, getvariable('users') + 1) AS users (user_id)
ORDER BY user_id
