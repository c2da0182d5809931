-- songs: one row per track and genre, as the newest source that names the track has it.
SELECT track_id, artists, album_name, track_name, duration_ms, track_genre
FROM (
  SELECT
    track_id,
    artists,
    album_name,
    track_name,
    duration_ms,
    track_genre,
    ROW_NUMBER() OVER (
      PARTITION BY track_id, track_genre
      ORDER BY
        COALESCE(artists, '') NULLS FIRST,
        COALESCE(album_name, '') NULLS FIRST,
        COALESCE(track_name, '') NULLS FIRST,
        duration_ms NULLS FIRST
    ) AS place
  FROM (
    SELECT
      *,
      RANK() OVER (
        PARTITION BY track_id
        ORDER BY intake DESC NULLS FIRST, source_id DESC NULLS FIRST
      ) AS age
    FROM songs_rows
  ) AS aged
  WHERE age = 1
) AS placed
WHERE place = 1
