import { expect, test } from "vitest";
import { directoryOf } from "./inbox.ts";
import { newState } from "./topline.ts";

const CONFIG = `export default {
  tablePrefix: "dev_",
  kpis: [
    {
      sqlFile: "country_listens.sql",
      table: {
        name: "COUNTRY_LISTENS",
        relation: "country_listens",
        columns: [
          { name: "date", type: "string" },
          { name: "country", type: "string" },
          { name: "listen_count", type: "integer" },
        ],
        sortKey: "country",
        list: ["country"],
        orderBy: ["country"],
      },
    },
  ],
};
`;
const SQL = `-- country_listens: one row per date and country that was listened from.
SELECT l.date, u.user_country AS country, COUNT(*) AS listen_count
FROM listens AS l
JOIN users AS u ON u.user_id = l.user_id
WHERE u.user_country IS NOT NULL
GROUP BY l.date, u.user_country
`;
const USERS = "user_id,user_name,user_age,user_country,created_at\n";
const DATA = {
  "users.csv": `${USERS}u1,,,France,\nu2,,,Spain,\n`,
  "songs.csv": "track_id,artists,album_name,track_name,duration_ms,track_genre\nt1,,,,1,pop\n",
  "streams.csv":
    "user_id,track_id,listen_time\nu1,t1,2024-06-25 10:00:00\nu2,t1,2024-06-25 10:00:00\nu1,t1,2024-06-25 11:00:00\n",
};

test("a KPI of the deployment's own has a table, is published, queried, and follows what it reads", async () => {
  await using state = await newState();
  const config = await directoryOf(state, {
    "topline.config.ts": CONFIG,
    "country_listens.sql": SQL,
  });
  const use = ["--config", `${config}/topline.config.ts`, "--json"];
  const ask = ["query", "country-listens", "--date", "2024-06-25", ...use];

  const first = await state.topline("run", "--data", await directoryOf(state, DATA), ...use);
  expect(first.code, first.stderr).toBe(0);
  expect(first.json<{ tables: { table: string }[] }>().tables.map(({ table }) => table)).toEqual([
    "dev_GENRE_KPIS",
    "dev_TOP_SONGS",
    "dev_TOP_GENRES",
    "dev_COUNTRY_LISTENS",
  ]);
  expect((await state.topline(...ask)).json()).toEqual([
    { date: "2024-06-25", country: "France", listen_count: 2 },
    { date: "2024-06-25", country: "Spain", listen_count: 1 },
  ]);

  // The users alone change: the dates that they listened on are computed anew, because a KPI reads users.
  const moved = await directoryOf(state, { "users.csv": `${USERS}u1,,,Peru,\n` });
  const second = await state.topline("run", "--data", moved, ...use);
  expect(second.json<{ dates: { date: string }[] }>().dates.map(({ date }) => date)).toEqual([
    "2024-06-25",
  ]);
  expect((await state.topline(...ask)).json()).toEqual([
    { date: "2024-06-25", country: "Peru", listen_count: 2 },
    { date: "2024-06-25", country: "Spain", listen_count: 1 },
  ]);
  const sum = await state.topline(
    "sql",
    "SELECT SUM(listen_count) AS n FROM COUNTRY_LISTENS",
    ...use,
  );
  expect(sum.json()).toEqual([{ n: 3 }]);
});
