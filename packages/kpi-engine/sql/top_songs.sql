-- top_songs: one row per date, genre and rank from 1 to 3.
SELECT
  date,
  CONCAT(genre, '#', CAST(place AS STRING)) AS genre_rank,
  genre,
  place AS rank,
  track_id,
  track_name,
  artists,
  listen_count
FROM (
  SELECT
    p.date AS date,
    s.track_genre AS genre,
    CAST(
      ROW_NUMBER() OVER (
        PARTITION BY p.date, s.track_genre
        ORDER BY p.listen_count DESC NULLS FIRST, p.track_id NULLS FIRST
      ) AS INT
    ) AS place,
    p.track_id AS track_id,
    s.track_name AS track_name,
    s.artists AS artists,
    p.listen_count AS listen_count
  FROM plays AS p
  JOIN songs AS s ON s.track_id = p.track_id
) AS ranked
WHERE place <= 3
