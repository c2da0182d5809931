import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describePytest } from "../../../test/python/pytest.ts";
import { airflowEnvironment } from "./airflow-environment.ts";

/** The DAG and what it is made of, on Airflow's own classes: no scheduler, no database. */

const folder = fileURLToPath(new URL("../", import.meta.url));
const files = globSync("tests/test_*.py", { cwd: folder }).toSorted();

describePytest("pytest", folder, files, ["uv"], airflowEnvironment);
