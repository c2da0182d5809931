import { mkdir } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { ToplineError } from "@topline/core";
import { expect, test } from "vitest";
import { describeNeeding } from "../../../test/needs.ts";
import { type Docker, findDocker } from "../src/containers/docker.ts";
import { DYNAMODB_LOCAL } from "../src/containers/emulators.ts";
import { ownerOf } from "../src/containers/labels.ts";
import { resumeEmulator } from "../src/containers/running.ts";
import { look } from "./containers-seen.ts";
import { END_MS, isDeserted, Place, until } from "./harness-processes.ts";

/** What a user is told whose machine has not what containers need. Most of it needs no Docker to be seen. */

/** The fault of a process that asks for containers in such an environment. */
async function heardIn(place: Place, env: Readonly<Record<string, string>>): Promise<string> {
  const user = place.user(undefined, { options: { backend: "containers" }, env });
  const heard = await user.endpoints.then(
    () => "it opened",
    (error: Error) => error.message,
  );
  expect(await user.closed).toBe(1);
  await until("all have ended", () => isDeserted(place.state), END_MS);
  return heard;
}

test("without testcontainers it is told what to install", async () => {
  const absent = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
  const fault: unknown = await findDocker(() => Promise.reject(absent)).catch((error) => error);
  expect(ToplineError.is(fault, "HARNESS_UNAVAILABLE") && fault.message).toMatch(
    /needs the package testcontainers, version 12 or later.*npm install testcontainers.*embedded backend/,
  );
});

test("with a testcontainers that cannot be loaded it is told why", async () => {
  const broken = new TypeError("Promise.withResolvers is not a function");
  const fault: unknown = await findDocker(() => Promise.reject(broken)).catch((error) => error);
  expect(ToplineError.is(fault, "HARNESS_UNAVAILABLE") && fault.message).toContain(broken.message);
});

test("one that has ended before its port was looked for is told to have ended", async () => {
  const container = {
    inspect: () => Promise.resolve({ State: { Running: false }, NetworkSettings: { Ports: {} } }),
    start: () => Promise.resolve(),
    wait: () => Promise.resolve({ StatusCode: 1 }),
    logs: () => Promise.reject(new Error("It was removed.")),
  };
  const docker = { engine: { getContainer: () => container } } as unknown as Docker;
  const { signal } = new AbortController();
  const fault = await resumeEmulator(docker, DYNAMODB_LOCAL, "id", { signal }).catch((e) => e);
  expect(ToplineError.is(fault, "HARNESS_UNAVAILABLE") && fault.message).toContain(
    "The DynamoDB container (amazon/dynamodb-local:3.3.1) did not come up: it ended with exit code 1.",
  );
});

test.for(["unix:///nowhere/docker.sock", "tcp://127.0.0.1:9"])(
  "where no daemon is at %s, which DOCKER_HOST names, that is told, and none other is taken",
  async (place) => {
    await using directory = await Place.make();
    const heard = await heardIn(directory, { DOCKER_HOST: place });
    expect(heard).toContain(`The Docker daemon at ${place} (named by DOCKER_HOST) does not answer`);
    expect(heard).toContain("Start Docker");
    expect(heard).toContain("embedded backend, which needs no Docker");
  },
);

test("a daemon that never answers is given up", async () => {
  await using place = await Place.make();
  await mkdir(place.state);
  const socket = join(place.root, "docker.sock");
  const connections = new Set<Socket>();
  const daemon = createServer((connection) => {
    connections.add(connection);
    connection.on("error", () => {}).resume();
  }).listen(socket);
  const heard = await heardIn(place, { DOCKER_HOST: `unix://${socket}` });
  expect(connections.size).toBeGreaterThan(0);
  expect(heard).toContain("no answer within 10 s");
  for (const connection of connections) connection.destroy();
  await new Promise((resolve) => daemon.close(resolve));
});

describeNeeding(["docker"], "with a daemon", () => {
  test("images that are absent and cannot be pulled are named, with what was tried", async () => {
    await using place = await Place.make();
    await mkdir(place.state);
    const seen = await look(`topline.harness.owner=${await ownerOf(place.state)}`);
    const prefix = "127.0.0.1:9/mirror";
    const heard = await heardIn(place, { TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX: prefix });
    expect(heard).toMatch(/The image 127\.0\.0\.1:9\/mirror\/\S+:\S+ is not on this machine/);
    expect(heard).toContain("could not be pulled");
    expect(heard).toContain("connection refused");
    expect(heard).toMatch(/docker pull 127\.0\.0\.1:9\/mirror\//);
    expect(await seen.names()).toEqual([]);
  });
});
