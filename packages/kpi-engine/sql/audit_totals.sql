-- audit_totals: one row per date and genre whose figures differ from a sum that is worded otherwise: plays times duration.
WITH worded AS (
  SELECT
    p.date AS date,
    s.track_genre AS genre,
    CAST(SUM(CAST(p.listen_count AS DECIMAL(38, 0))) AS DECIMAL(38, 0)) AS listens,
    CAST(
      SUM(CAST(CAST(p.listen_count AS DECIMAL(19, 0)) * CAST(s.duration_ms AS DECIMAL(19, 0)) AS DECIMAL(38, 0)))
      AS DECIMAL(38, 0)
    ) AS total
  FROM plays AS p
  JOIN songs AS s ON s.track_id = p.track_id
  GROUP BY p.date, s.track_genre
)
SELECT
  'totals' AS audit,
  COALESCE(g.date, w.date) AS date,
  CONCAT(
    'genre ', COALESCE(g.genre, w.genre),
    ' has ', COALESCE(CAST(g.listen_count AS STRING), 'no'), ' listens of ',
    COALESCE(CAST(g.total_listening_time_ms AS STRING), 'no'), ' ms; expected ',
    COALESCE(CAST(w.listens AS STRING), 'no'), ' of ',
    COALESCE(CAST(w.total AS STRING), 'no'), ' ms'
  ) AS detail
FROM genre_kpis AS g
FULL OUTER JOIN worded AS w ON w.date = g.date AND w.genre = g.genre
WHERE NOT COALESCE(
  CAST(g.listen_count AS DECIMAL(38, 0)) = w.listens AND g.total_listening_time_ms = w.total,
  FALSE
)
