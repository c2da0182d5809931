-- What an expert would write for one evening: the three tables of clean files, each listen once. It checks
-- nothing, keeps nothing, and knows one set of files. `streams` is a view of the listens as they were delivered.
CREATE TABLE songs AS
SELECT track_id, artists, track_name, duration_ms, track_genre
FROM read_csv(getvariable('songs'), header = true);

CREATE TABLE listens AS
SELECT DISTINCT user_id, track_id, listen_time
FROM streams;

CREATE TABLE genre_kpis AS
SELECT
  CAST(l.listen_time AS DATE) AS date,
  s.track_genre AS genre,
  count(*) AS listen_count,
  count(DISTINCT l.user_id) AS unique_listeners,
  sum(s.duration_ms) AS total_listening_time_ms,
  sum(s.duration_ms) / count(DISTINCT l.user_id) AS avg_listening_time_per_user_ms
FROM listens AS l
JOIN songs AS s USING (track_id)
GROUP BY ALL;

CREATE TABLE top_songs AS
SELECT
  date,
  concat(genre, '#', rank) AS genre_rank,
  genre,
  rank,
  track_id,
  track_name,
  artists,
  listen_count
FROM (
  SELECT
    p.date,
    s.track_genre AS genre,
    row_number() OVER (
      PARTITION BY p.date, s.track_genre
      ORDER BY p.listen_count DESC, p.track_id
    ) AS rank,
    p.track_id,
    s.track_name,
    s.artists,
    p.listen_count
  FROM (
    SELECT CAST(listen_time AS DATE) AS date, track_id, count(*) AS listen_count
    FROM listens
    GROUP BY ALL
  ) AS p
  JOIN songs AS s USING (track_id)
)
WHERE rank <= 3;

CREATE TABLE top_genres AS
SELECT date, rank, genre, listen_count, unique_listeners, total_listening_time_ms
FROM (
  SELECT *, row_number() OVER (PARTITION BY date ORDER BY listen_count DESC, genre) AS rank
  FROM genre_kpis
)
WHERE rank <= 5;
