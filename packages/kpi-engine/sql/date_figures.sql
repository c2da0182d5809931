-- date_figures: one row per date that has rows in the zone.
WITH counted AS (
  SELECT date, COUNT(*) AS listens
  FROM listens
  GROUP BY date
),
-- Only listens with several rows can have several sources.
repeated AS (
  SELECT DISTINCT r.date, r.user_id, r.track_id, r.listen_time, r.source_id
  FROM streams_rows AS r
  JOIN listens AS l
    ON l.date = r.date
    AND l.user_id = r.user_id
    AND l.track_id = r.track_id
    AND l.listen_time = r.listen_time
  WHERE l.copies > 1
),
delivered AS (
  SELECT date, COUNT(*) AS deliveries
  FROM repeated
  GROUP BY date
),
repeats AS (
  SELECT date, COUNT(*) AS listens
  FROM listens
  WHERE copies > 1
  GROUP BY date
),
trackless AS (
  SELECT p.date, SUM(p.listen_count) AS listens
  FROM plays AS p
  LEFT JOIN (SELECT DISTINCT track_id FROM songs) AS s ON s.track_id = p.track_id
  WHERE s.track_id IS NULL
  GROUP BY p.date
),
userless AS (
  SELECT l.date, COUNT(*) AS listens
  FROM listens AS l
  LEFT JOIN users AS u ON u.user_id = l.user_id
  WHERE u.user_id IS NULL
  GROUP BY l.date
)
SELECT
  c.date AS date,
  c.listens AS listens,
  CAST(COALESCE(d.deliveries, 0) - COALESCE(r.listens, 0) AS BIGINT) AS duplicates,
  CAST(COALESCE(t.listens, 0) AS BIGINT) AS unknown_tracks,
  CAST(COALESCE(u.listens, 0) AS BIGINT) AS unknown_users
FROM counted AS c
LEFT JOIN delivered AS d ON d.date = c.date
LEFT JOIN repeats AS r ON r.date = c.date
LEFT JOIN trackless AS t ON t.date = c.date
LEFT JOIN userless AS u ON u.date = c.date
