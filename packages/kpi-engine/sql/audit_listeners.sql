-- audit_listeners: one row per date and genre without 1 <= unique_listeners <= listen_count.
SELECT
  'listeners' AS audit,
  date,
  CONCAT(
    'genre ', genre,
    ' has ', CAST(unique_listeners AS STRING), ' listeners and ',
    CAST(listen_count AS STRING), ' listens'
  ) AS detail
FROM genre_kpis
WHERE unique_listeners < 1 OR unique_listeners > listen_count
