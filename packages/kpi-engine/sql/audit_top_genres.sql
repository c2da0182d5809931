-- audit_top_genres: one row per listed genre with other figures than genre_kpis has, or that a left-out genre beats.
WITH left_out AS (
  SELECT g.date AS date, MAX(g.listen_count) AS listen_count
  FROM genre_kpis AS g
  LEFT JOIN top_genres AS t ON t.date = g.date AND t.genre = g.genre
  WHERE t.genre IS NULL
  GROUP BY g.date
)
SELECT
  'top_genres' AS audit,
  t.date AS date,
  CONCAT(
    'genre ', t.genre, ' at rank ', CAST(t.rank AS STRING),
    ' has other figures than genre_kpis'
  ) AS detail
FROM top_genres AS t
LEFT JOIN genre_kpis AS g ON g.date = t.date AND g.genre = t.genre
WHERE NOT COALESCE(
  g.listen_count = t.listen_count
  AND g.unique_listeners = t.unique_listeners
  AND g.total_listening_time_ms = t.total_listening_time_ms,
  FALSE
)
UNION ALL
SELECT
  'top_genres' AS audit,
  t.date AS date,
  CONCAT(
    'genre ', t.genre, ' at rank ', CAST(t.rank AS STRING),
    ' has ', CAST(t.listen_count AS STRING), ' listens; a genre that is not listed has ',
    CAST(o.listen_count AS STRING)
  ) AS detail
FROM top_genres AS t
JOIN left_out AS o ON o.date = t.date
WHERE o.listen_count > t.listen_count
UNION ALL
SELECT
  'top_genres' AS audit,
  t.date AS date,
  CONCAT(
    'genre ', t.genre, ' at rank ', CAST(t.rank AS STRING),
    ' has more listens than genre ', b.genre, ' at rank ', CAST(b.rank AS STRING)
  ) AS detail
FROM top_genres AS t
JOIN top_genres AS b ON b.date = t.date AND b.rank < t.rank
WHERE t.listen_count > b.listen_count
