import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimeArguments } from "../../harness/runtime.ts";
import { spawnTiedGroup, type TiedGroup } from "../../processes/tied-group.ts";
import type { Answer, Invocation, Invoked } from "../invocation.ts";
import type { FunctionRecord } from "../records.ts";
import { exited, timedOut } from "./ends.ts";
import type { FunctionLog } from "./function-log.ts";
import { Output } from "./output.ts";
import type { ExecutionPlace } from "./place.ts";
import { reportLine } from "./report-line.ts";
import { type Give, startRuntimeApi } from "./runtime-api.ts";
import { variablesOf } from "./variables.ts";

const runtime = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "../runtime/entry.ts" : "../runtime/entry.js",
    import.meta.url,
  ),
);

/** Node's own place for it. */
const COMPILED = join(tmpdir(), "node-compile-cache");
/** What Lambda gives the code outside of the handler, too; here, where a function has longer, so has that. */
const INIT_SECONDS = 10;
/** How long a runtime that has answered may take to ask for the next. */
const SETTLING_MS = 3_000;

type Told =
  | { readonly is: "free"; readonly give: Give }
  | { readonly is: "answered"; readonly answer: Answer }
  | { readonly is: "ended"; readonly how: string }
  | { readonly is: "late" };

/**
 * An execution environment: a process that runs the handler of one function, one invocation at a time, with all that
 * it starts.
 */
export class ExecutionEnvironment {
  readonly record: FunctionRecord;
  /** Resolves, with the manner of its end, once nothing of it works any more. */
  readonly ended: Promise<string>;
  readonly #output: Output;
  #group: TiedGroup | undefined;
  #hasEnded = false;
  #isKilled = false;
  #isFree = false;
  #isCold = true;
  #peakMb = 0;
  #free = Promise.withResolvers<Told>();
  #answered = Promise.withResolvers<Told>();

  constructor(record: FunctionRecord, place: ExecutionPlace, log: FunctionLog) {
    this.record = record;
    this.#output = new Output(log);
    this.ended = this.#live(place)
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
      .finally(() => void (this.#hasEnded = true));
  }

  /** It waits for an invocation. */
  get isIdle(): boolean {
    return this.#isFree && !this.#hasEnded && !this.#isKilled;
  }

  /** To be called when it is new, or idle. */
  async invoke(invocation: Invocation): Promise<Invoked> {
    const { requestId } = invocation;
    const output = this.#output;
    const cold = this.#isCold ? performance.now() : undefined;
    this.#isCold = false;
    output.begin(requestId);
    const ready = await this.#first(this.#initMs, this.#free, this.#answered);
    const initMs = cold === undefined ? undefined : performance.now() - cold;
    await output.say(`START RequestId: ${requestId} Version: $LATEST`);
    const began = performance.now();
    const seconds = this.record.timeoutSeconds;
    let told = ready;
    if (ready.is === "free") {
      this.#isFree = false;
      this.#free = Promise.withResolvers();
      this.#answered = Promise.withResolvers();
      ready.give(invocation, new Date(Date.now() + seconds * 1000));
      told = await this.#first(seconds * 1000, this.#answered);
    }
    const durationMs = performance.now() - began;
    const limit = ready.is === "late" ? this.#initMs / 1000 : seconds;
    const answer = await this.#conclude(requestId, told, limit);
    await output.say(`END RequestId: ${requestId}`);
    await output.say(
      reportLine({
        requestId,
        durationMs,
        initMs,
        memoryMb: this.record.memoryMb,
        peakMb: this.#peakMb,
        status: told.is,
      }),
    );
    return { ...answer, logTail: output.tail() };
  }

  /** With all that it has started. */
  end(): Promise<string> {
    this.#isKilled = true;
    this.#group?.signal("KILL");
    return this.ended;
  }

  get #initMs(): number {
    return Math.max(INIT_SECONDS, this.record.timeoutSeconds) * 1000;
  }

  async #conclude(requestId: string, told: Told, seconds: number): Promise<Answer> {
    if (told.is === "answered") {
      await this.#output.passed();
      const next = await this.#first(SETTLING_MS, this.#free);
      if (next.is !== "free") await this.end();
      return told.answer;
    }
    if (told.is === "ended") {
      const answer = exited(requestId, told.how);
      await this.#output.say(new TextDecoder().decode(answer.payload));
      return answer;
    }
    this.#peakMb = Math.max(this.#peakMb, peakOf(this.#group?.pid ?? 0));
    await this.end();
    const now = new Date().toISOString();
    await this.#output.say(
      `${now} ${requestId} Task timed out after ${seconds.toFixed(2)} seconds`,
    );
    return timedOut(requestId, seconds);
  }

  async #first(ms: number, ...hopes: readonly PromiseWithResolvers<Told>[]): Promise<Told> {
    const late = Promise.withResolvers<Told>();
    const timer = setTimeout(() => late.resolve({ is: "late" }), ms);
    const ended = this.ended.then((how): Told => ({ is: "ended", how }));
    const first = await Promise.race([...hopes, late].map(({ promise }) => promise).concat(ended));
    clearTimeout(timer);
    return first;
  }

  async #live({ directory, endpoints }: ExecutionPlace): Promise<string> {
    const work = join(directory.work, randomUUID());
    await using api = await startRuntimeApi({
      free: (give) => {
        this.#isFree = true;
        this.#free.resolve({ is: "free", give });
      },
      answered: (answer, peakMb) => {
        this.#peakMb = Math.max(this.#peakMb, peakMb);
        this.#answered.resolve({ is: "answered", answer });
      },
    });
    const temporary = join(work, "tmp");
    try {
      // Not what is above: a state that was deleted meanwhile stays so.
      await mkdir(work);
      await mkdir(temporary);
      if (this.#isKilled) return "SIGKILL";
      const day = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
      const env = variablesOf(this.record, {
        endpoints: endpoints(),
        runtimeApi: api.address,
        runtimeDirectory: dirname(runtime),
        logStream: `${day}/[$LATEST]${randomBytes(16).toString("hex")}`,
        temporary,
      });
      const group = spawnTiedGroup(process.execPath, [...runtimeArguments(runtime), COMPILED], {
        env,
        cwd: work,
        stderr: "stdout",
      });
      this.#group = group;
      const [how] = await Promise.all([group.ended, this.#output.follow(group.stdout)]);
      return how;
    } finally {
      await rm(work, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
    }
  }
}

/** MB; 0 where the system does not tell. */
function peakOf(pid: number): number {
  try {
    const [, kb = "0"] =
      /^VmHWM:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Math.ceil(Number(kb) / 1024);
  } catch {
    return 0;
  }
}
