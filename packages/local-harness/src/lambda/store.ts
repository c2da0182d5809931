import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readJsonFile, writeJsonFile } from "../on-disk/json-file.ts";
import type { FunctionRecord } from "./records.ts";

/** What lies in the directory of a Lambda endpoint. */
export interface LambdaDirectory {
  readonly path: string;
  readonly functions: string;
  readonly logs: string;
  /** Work space of the execution environments that live. */
  readonly work: string;
}

export const logFile = ({ logs }: LambdaDirectory, functionName: string): string =>
  join(logs, `${functionName}.log`);

/** Functions, on disk, all in one file. One process has the directory. */
export class LambdaStore {
  readonly directory: LambdaDirectory;
  readonly #functions = new Map<string, FunctionRecord>();

  /** @throws {ToplineError} `STATE_CORRUPT` */
  constructor(path: string) {
    const functions = join(path, "functions.json");
    this.directory = { path, functions, logs: join(path, "logs"), work: join(path, "work") };
    const { logs, work } = this.directory;
    // What lived there has ended with the process before this one.
    rmSync(work, { recursive: true, force: true });
    for (const folder of [logs, work]) mkdirSync(folder, { recursive: true });
    const found = readJsonFile<readonly FunctionRecord[]>(functions, "the embedded Lambda") ?? [];
    for (const record of found) this.#functions.set(record.name, record);
  }

  /** By name. */
  get functions(): readonly FunctionRecord[] {
    return [...this.#functions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  function(name: string): FunctionRecord | undefined {
    return this.#functions.get(name);
  }

  put(record: FunctionRecord): void {
    this.#functions.set(record.name, record);
    this.#write();
  }

  delete(name: string): void {
    if (this.#functions.delete(name)) this.#write();
  }

  #write(): void {
    writeJsonFile(this.directory.functions, this.functions);
  }
}
