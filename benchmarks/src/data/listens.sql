-- listens: one row per line of a file, from line `first` up to line `last` of all.
SELECT
  u.user_id AS user_id,
  c.track_id AS track_id,
  TIMESTAMP '2024-06-25 00:00:00' + to_seconds(
    CAST(floor(draw(l.listen, 'time') * 86400 * getvariable('dates')) AS BIGINT)
  ) AS listen_time
FROM (
  SELECT
    line,
    -- A line that repeats another draws what that one draws: nothing has to be remembered.
    CASE
      WHEN draw(line, 'repeats') * 1000 < getvariable('repeats')
        THEN CAST(floor(draw(line, 'repeated') * getvariable('listens')) AS BIGINT)
      ELSE line
    END AS listen
  FROM range(getvariable('first'), getvariable('last')) AS lines (line)
) AS l
JOIN catalogue AS c
  -- Few songs have most of the listens: the most played one has about 1 %.
  ON c.place = CAST(floor(pow(draw(l.listen, 'track'), 2.5) * getvariable('tracks')) AS BIGINT)
JOIN listeners AS u
  ON u.place = CAST(floor(pow(draw(l.listen, 'user'), 1.5) * getvariable('users')) AS BIGINT)
