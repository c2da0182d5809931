"""Three tables, one of each kind of list, key and index; and their rows."""

from topline_glue.plan import Column, Index, TableSpec

DATE = "2024-06-25"

GENRE_KPIS = TableSpec(
    name="GENRE_KPIS",
    relation="genre_kpis",
    columns=[
        Column("date", "string"),
        Column("genre", "string"),
        Column("listen_count", "integer"),
        Column("average", "double"),
        Column("note", "string"),
    ],
    sort_key="genre",
    list=["genre"],
    order_by=["genre"],
    indexes=[Index("genre-date", "global", "genre", "date")],
)

TOP_SONGS = TableSpec(
    name="TOP_SONGS",
    relation="top_songs",
    columns=[
        Column("date", "string"),
        Column("genre_rank", "string"),
        Column("genre", "string"),
        Column("rank", "integer"),
        Column("listen_count", "integer"),
    ],
    sort_key="genre_rank",
    list=["genre"],
    order_by=["genre", "rank"],
)

TOP_GENRES = TableSpec(
    name="TOP_GENRES",
    relation="top_genres",
    columns=[Column("date", "string"), Column("rank", "integer"), Column("genre", "string")],
    sort_key="rank",
    list=[],
    order_by=["rank"],
)

TABLES = [GENRE_KPIS, TOP_SONGS, TOP_GENRES]


def genre_row(genre="pop", **more):
    row = {"date": DATE, "genre": genre, "listen_count": 7, "average": 0.5, "note": "n"}
    return row | more


def song_row(genre, rank, listens=1):
    return {
        "date": DATE,
        "genre_rank": f"{genre}#{rank}",
        "genre": genre,
        "rank": rank,
        "listen_count": listens,
    }


def songs_of_a_day(listens):
    """240 rows of 80 lists: three transactions."""
    return [song_row(f"genre {at:02}", rank, listens) for at in range(80) for rank in (1, 2, 3)]
