-- songs: one row per track and genre, as the newest source that names the track has it.
WITH origins AS (
  SELECT intake, source_id, ROW_NUMBER() OVER (ORDER BY intake, source_id) AS origin
  FROM (SELECT DISTINCT intake, source_id FROM songs_rows) AS brought
),
aged AS (
  SELECT r.*, o.origin
  FROM songs_rows AS r
  JOIN origins AS o ON o.intake = r.intake AND o.source_id = r.source_id
),
newest AS (
  SELECT track_id, MAX(origin) AS origin
  FROM aged
  GROUP BY track_id
),
latest AS (
  SELECT a.track_id, a.artists, a.album_name, a.track_name, a.duration_ms, a.track_genre
  FROM aged AS a
  JOIN newest AS n ON n.track_id = a.track_id AND n.origin = a.origin
),
-- Few tracks stand in a source twice under one genre: only those are put in order.
repeated AS (
  SELECT track_id, track_genre
  FROM latest
  GROUP BY track_id, track_genre
  HAVING COUNT(*) > 1
),
placed AS (
  SELECT
    l.track_id,
    l.artists,
    l.album_name,
    l.track_name,
    l.duration_ms,
    l.track_genre,
    ROW_NUMBER() OVER (
      PARTITION BY l.track_id, l.track_genre
      ORDER BY
        COALESCE(l.artists, '') NULLS FIRST,
        COALESCE(l.album_name, '') NULLS FIRST,
        COALESCE(l.track_name, '') NULLS FIRST,
        l.duration_ms NULLS FIRST
    ) AS place
  FROM latest AS l
  JOIN repeated AS r ON r.track_id = l.track_id AND r.track_genre = l.track_genre
)
SELECT l.track_id, l.artists, l.album_name, l.track_name, l.duration_ms, l.track_genre
FROM latest AS l
LEFT JOIN repeated AS r ON r.track_id = l.track_id AND r.track_genre = l.track_genre
WHERE r.track_id IS NULL
UNION ALL
SELECT track_id, artists, album_name, track_name, duration_ms, track_genre
FROM placed
WHERE place = 1
