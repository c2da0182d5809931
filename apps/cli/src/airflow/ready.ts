import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";

/** Airflow's own account of its parts, and whether the DAG is there. */

const healthSchema = z.record(z.string(), z.object({ status: z.string().nullable() }));
const PARTS = ["metadatabase", "scheduler", "triggerer", "dag_processor"] as const;
const LOOK_MS = 300;
const ANSWER_MS = 5_000;

export const DAG_ID = "topline";

/**
 * Resolves once every part says that it is well and the DAG can be started.
 * @param telling hears what is waited for
 * @throws whatever `signal` aborts with
 */
export async function untilReady(
  address: string,
  signal: AbortSignal,
  telling: (what: string) => void,
): Promise<void> {
  for (;;) {
    const missing = await whatIsMissing(address, signal);
    if (missing.length === 0) return;
    telling(`Airflow is coming up: waiting for its ${missing.join(", ")}`);
    await delay(LOOK_MS, undefined, { signal });
  }
}

async function whatIsMissing(address: string, signal: AbortSignal): Promise<readonly string[]> {
  const health = healthSchema.safeParse(await ask(`${address}/api/v2/monitor/health`, signal));
  if (!health.success) return ["api server"];
  const ill = PARTS.filter((part) => health.data[part]?.status !== "healthy");
  if (ill.length > 0) return ill.map((part) => part.replace("_", " "));
  const token = await ask(`${address}/auth/token`, signal);
  const { access_token: bearer } = tokenSchema.parse(token ?? {});
  const dag = await ask(`${address}/api/v2/dags/${DAG_ID}`, signal, bearer);
  return dag === undefined ? ["DAG"] : [];
}

const tokenSchema = z.object({ access_token: z.string().default("") });

/** `undefined` for any answer but a good one. */
async function ask(url: string, signal: AbortSignal, bearer?: string): Promise<unknown> {
  signal.throwIfAborted();
  try {
    const response = await fetch(url, {
      ...(bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    const body = await response.text();
    return response.ok ? JSON.parse(body) : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
