-- plays: one row per date and track that was listened to, known to the catalogue or not.
SELECT date, track_id, COUNT(*) AS listen_count
FROM listens
GROUP BY date, track_id
