/** What this machine can run: each thing looked for, asked for its version, and told with the remedy. */
import process from "node:process";
import { probeDocker } from "./docker.ts";
import { type Finding, type Machine, type ProbeName, PROBES } from "./finding.ts";
import { probeDynamoDbLocal } from "./dynamodb-local.ts";
import { probeDuckDb, probeDynoxide } from "./natives.ts";
import { CHROMIUM, DENO, JAVA, MAVEN, probeProgram, type ProgramSpec, UV } from "./programs.ts";
import { probePython } from "./python.ts";
import { probeAws, probeNode, probeState } from "./surroundings.ts";

export { type Finding, type Machine, type ProbeName, PROBES } from "./finding.ts";

const program = (spec: ProgramSpec) => (machine: Machine) => probeProgram(spec, machine);

const LOOKS: Readonly<Record<ProbeName, (machine: Machine) => Promise<Finding>>> = {
  node: probeNode,
  state: probeState,
  duckdb: probeDuckDb,
  dynoxide: probeDynoxide,
  "dynamodb-local": probeDynamoDbLocal,
  docker: probeDocker,
  java: program(JAVA),
  maven: program(MAVEN),
  python: probePython,
  uv: program(UV),
  chromium: program(CHROMIUM),
  deno: program(DENO),
  aws: probeAws,
};

/** One probe. Never throws, and ends in time whatever the machine does. */
export function probe(name: ProbeName, options: Partial<Machine> = {}): Promise<Finding> {
  return LOOKS[name]({
    env: process.env,
    platform: `${process.platform}-${process.arch}`,
    stateDirectory: ".topline",
    timeoutMs: 10_000,
    ...options,
  });
}

/** Every probe, side by side, in the order of `PROBES`. */
export function probeMachine(options: Partial<Machine> = {}): Promise<readonly Finding[]> {
  return Promise.all(PROBES.map((name) => probe(name, options)));
}
