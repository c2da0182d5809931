#!/usr/bin/env bash
# Packs every package, lints the tarballs, installs them in an empty project as a stranger would, and uses them
# there by plain Node and by Deno, without this repository's TypeScript: `packed.sh <work directory>`.
set -euo pipefail
work=$1
root=$PWD
node=$root/node_modules/.bin/node
deno=$("$root/node_modules/.bin/deno" eval 'console.log(Deno.execPath())')
mkdir -p "$work/tarballs" "$work/project"

for folder in packages/* apps/glue-job apps/lambda apps/airflow apps/cli; do
  (cd "$folder" && npx -y pnpm@12 pack --pack-destination "$work/tarballs" >/dev/null </dev/null)
done
for tarball in "$work"/tarballs/*.tgz; do
  "$node" node_modules/publint/src/cli.js run "$tarball" --strict
done

cd "$work/project"
echo '{ "name": "stranger", "private": true, "type": "module" }' >package.json
npm install --no-audit --no-fund --loglevel=error "$work"/tarballs/*.tgz @aws-sdk/client-s3 @aws-sdk/client-dynamodb @aws-sdk/client-glue @aws-sdk/lib-dynamodb >/dev/null

cat >doors.mjs <<'JS'
import assert from "node:assert/strict";
const doors = {
  "@topline/core": "run",
  "@topline/core/memory": "memoryObjectStore",
  "@topline/validators": "validator",
  "@topline/kpi-engine": "duckdbEngine",
  "@topline/delta-log": "deltaZone",
  "@topline/aws-adapters/s3": "s3ObjectStore",
  "@topline/aws-adapters/dynamodb": "dynamoKpiStore",
  "@topline/aws-adapters/glue": "glueTransformJob",
  "@topline/deployment": "portsAt",
  "@topline/local-harness": "openHarness",
  "@topline/local-harness/faults": "portFaults",
  "@topline/local-harness/machine": "probe",
  "@topline/local-harness/processes": "takeLock",
  "@topline/lambda/validate": "handler",
  "@topline/lambda/transform": "handler",
  "@topline/lambda/archive": "handler",
};
for (const [door, name] of Object.entries(doors)) {
  assert.equal(typeof (await import(door))[name], name === "validator" ? "object" : "function", door);
}
console.log(`${Object.keys(doors).length} entry points open`);
JS
"$node" doors.mjs
"$deno" run --no-prompt --allow-env --allow-ffi doors.mjs

PATH=$(dirname "$node"):$PATH node_modules/.bin/topline demo --state "$work/state" >demo.txt
grep -q '^2024-06-25  children *418 ' demo.txt
echo "the packed command runs the demo"

PATH=$(dirname "$deno"):$PATH "$deno" run --no-prompt --allow-env --allow-ffi --allow-net=127.0.0.1 --allow-read --allow-run=deno \
  --allow-sys=hostname,osRelease --allow-write="$work/deno-state" \
  node_modules/@topline/cli/dist/main.js demo --state "$work/deno-state" >deno-demo.txt
grep -q '^2024-06-25  children *418 ' deno-demo.txt
echo "and so it does on Deno"

# Built handlers are found from the built command, and run.
PATH=$(dirname "$node"):$PATH node_modules/.bin/topline up --json --state "$work/state" >up.json &
up=$!
trap 'kill "$up" 2>/dev/null || true' EXIT
until grep -q secretAccessKey up.json; do kill -0 "$up" && sleep 0.2; done
cat >invoke.mjs <<'JS'
import { readFileSync } from "node:fs";
const { lambda } = JSON.parse(readFileSync("up.json", "utf8"));
const answer = await fetch(`${lambda}/2015-03-31/functions/topline-validate/invocations`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: '{"run_id":"packed"}',
});
console.log(await answer.text());
JS
"$node" invoke.mjs | grep -q '"status":"nothing-to-do"'
kill "$up"
wait "$up"
trap - EXIT
echo "the packed functions are made by the packed command, and run"
