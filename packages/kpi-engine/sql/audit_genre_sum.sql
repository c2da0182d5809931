-- audit_genre_sum: one row per date whose listens, summed over genres, are not each listen times the genres of its track.
WITH summed AS (
  SELECT date, CAST(SUM(CAST(listen_count AS DECIMAL(38, 0))) AS DECIMAL(38, 0)) AS listens
  FROM genre_kpis
  GROUP BY date
),
genres AS (
  SELECT track_id, COUNT(DISTINCT track_genre) AS genres
  FROM songs
  GROUP BY track_id
),
spread AS (
  SELECT
    p.date AS date,
    CAST(
      SUM(CAST(CAST(p.listen_count AS DECIMAL(19, 0)) * CAST(g.genres AS DECIMAL(19, 0)) AS DECIMAL(38, 0)))
      AS DECIMAL(38, 0)
    ) AS listens
  FROM plays AS p
  JOIN genres AS g ON g.track_id = p.track_id
  GROUP BY p.date
)
SELECT
  'genre_sum' AS audit,
  COALESCE(s.date, p.date) AS date,
  CONCAT(
    'the genres have ', COALESCE(CAST(s.listens AS STRING), 'no'),
    ' listens in all; expected ', COALESCE(CAST(p.listens AS STRING), 'no')
  ) AS detail
FROM summed AS s
FULL OUTER JOIN spread AS p ON p.date = s.date
WHERE NOT COALESCE(s.listens = p.listens, FALSE)
