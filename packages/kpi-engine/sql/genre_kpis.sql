-- genre_kpis: one row per date and genre that was listened to.
SELECT
  date,
  genre,
  listen_count,
  unique_listeners,
  total_listening_time_ms,
  CAST(total_listening_time_ms AS DOUBLE) / CAST(unique_listeners AS DOUBLE)
    AS avg_listening_time_per_user_ms
FROM (
  SELECT
    l.date AS date,
    s.track_genre AS genre,
    COUNT(*) AS listen_count,
    COUNT(DISTINCT l.user_id) AS unique_listeners,
    CAST(SUM(CAST(s.duration_ms AS DECIMAL(38, 0))) AS DECIMAL(38, 0)) AS total_listening_time_ms
  FROM listens AS l
  JOIN songs AS s ON s.track_id = l.track_id
  GROUP BY l.date, s.track_genre
) AS sums
