-- audit_top_songs: one row per listed song with other plays than it had, more than its genre had, or fewer than one below it.
SELECT
  'top_songs' AS audit,
  t.date AS date,
  CONCAT(
    'track ', t.track_id, ' at ', t.genre_rank,
    ' has ', CAST(t.listen_count AS STRING), ' listens; the track has ',
    COALESCE(CAST(p.listen_count AS STRING), 'no'), ', the genre ',
    COALESCE(CAST(g.listen_count AS STRING), 'no')
  ) AS detail
FROM top_songs AS t
LEFT JOIN plays AS p ON p.date = t.date AND p.track_id = t.track_id
LEFT JOIN genre_kpis AS g ON g.date = t.date AND g.genre = t.genre
WHERE NOT COALESCE(t.listen_count = p.listen_count AND t.listen_count <= g.listen_count, FALSE)
UNION ALL
SELECT
  'top_songs' AS audit,
  t.date AS date,
  CONCAT(
    'track ', t.track_id, ' at ', t.genre_rank,
    ' has more listens than track ', b.track_id, ' at ', b.genre_rank
  ) AS detail
FROM top_songs AS t
JOIN top_songs AS b ON b.date = t.date AND b.genre = t.genre AND b.rank < t.rank
WHERE t.listen_count > b.listen_count
