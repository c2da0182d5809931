-- top_genres: one row per date and rank from 1 to 5.
SELECT date, place AS rank, genre, listen_count, unique_listeners, total_listening_time_ms
FROM (
  SELECT
    date,
    genre,
    listen_count,
    unique_listeners,
    total_listening_time_ms,
    CAST(
      ROW_NUMBER() OVER (
        PARTITION BY date
        ORDER BY listen_count DESC NULLS FIRST, genre NULLS FIRST
      ) AS INT
    ) AS place
  FROM genre_kpis
) AS ranked
WHERE place <= 5
