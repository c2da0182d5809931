-- audit_ranks: one row per list whose ranks are not 1, 2, 3 … up to as many as there are to rank, at most 3 or 5.
WITH listed AS (
  SELECT
    date,
    genre AS list,
    COUNT(*) AS places,
    COUNT(DISTINCT rank) AS ranks,
    MIN(rank) AS least,
    MAX(rank) AS greatest
  FROM top_songs
  GROUP BY date, genre
),
expected AS (
  SELECT
    p.date AS date,
    s.track_genre AS list,
    CASE WHEN COUNT(*) < 3 THEN COUNT(*) ELSE 3 END AS places
  FROM plays AS p
  JOIN songs AS s ON s.track_id = p.track_id
  GROUP BY p.date, s.track_genre
),
listed_genres AS (
  SELECT
    date,
    COUNT(*) AS places,
    COUNT(DISTINCT rank) AS ranks,
    MIN(rank) AS least,
    MAX(rank) AS greatest
  FROM top_genres
  GROUP BY date
),
expected_genres AS (
  SELECT date, CASE WHEN COUNT(*) < 5 THEN COUNT(*) ELSE 5 END AS places
  FROM genre_kpis
  GROUP BY date
)
SELECT
  'ranks' AS audit,
  COALESCE(l.date, e.date) AS date,
  CONCAT(
    'the top songs of genre ', COALESCE(l.list, e.list),
    ' have ', CAST(COALESCE(l.places, 0) AS STRING), ' places, ranks ',
    CAST(COALESCE(l.least, 0) AS STRING), ' to ', CAST(COALESCE(l.greatest, 0) AS STRING),
    '; expected 1 to ', CAST(COALESCE(e.places, 0) AS STRING)
  ) AS detail
FROM listed AS l
FULL OUTER JOIN expected AS e ON e.date = l.date AND e.list = l.list
WHERE NOT COALESCE(
  l.places = e.places AND l.ranks = e.places AND l.least = 1 AND l.greatest = e.places,
  FALSE
)
UNION ALL
SELECT
  'ranks' AS audit,
  COALESCE(l.date, e.date) AS date,
  CONCAT(
    'the top genres have ', CAST(COALESCE(l.places, 0) AS STRING), ' places, ranks ',
    CAST(COALESCE(l.least, 0) AS STRING), ' to ', CAST(COALESCE(l.greatest, 0) AS STRING),
    '; expected 1 to ', CAST(COALESCE(e.places, 0) AS STRING)
  ) AS detail
FROM listed_genres AS l
FULL OUTER JOIN expected_genres AS e ON e.date = l.date
WHERE NOT COALESCE(
  l.places = e.places AND l.ranks = e.places AND l.least = 1 AND l.greatest = e.places,
  FALSE
)
