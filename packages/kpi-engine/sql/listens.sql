-- listens: one row per listen, however many sources brought it; copies = its rows in the zone.
SELECT date, user_id, track_id, listen_time, COUNT(*) AS copies
FROM streams_rows
GROUP BY date, user_id, track_id, listen_time
