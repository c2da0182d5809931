import { type ObjectStore, ToplineError } from "@topline/core";

/** What becomes of one put: its answer is lost, it never arrives, or the client repeats it and finds its own. */
export type PutFault = "answer lost" | "not put" | "own found" | undefined;

export interface FaultyStore extends ObjectStore {
  /** Keys of every get and put, in order, as `get <key>`. */
  readonly calls: string[];
}

/**
 * A store whose conditional puts fail as `nextFault` says, and whose calls wait for `turn` before they begin, so
 * that a test decides who comes first.
 */
export function faultyStore(
  store: ObjectStore,
  nextFault: () => PutFault = () => undefined,
  turn: (call: string) => Promise<unknown> = () => Promise.resolve(),
): FaultyStore {
  const calls: string[] = [];
  const begin = async (call: string) => {
    await turn(call);
    calls.push(call);
  };
  return {
    ...store,
    calls,
    async *list(prefix, options) {
      await begin(`list ${prefix}`);
      yield* store.list(prefix, options);
    },
    async get(key, options) {
      await begin(`get ${key}`);
      return store.get(key, options);
    },
    async put(key, body, options) {
      await begin(`put ${key}`);
      const fault = nextFault();
      if (fault === "not put") throw lost(key);
      const answer = await store.put(key, body, options);
      if (fault === "answer lost") throw lost(key);
      if (fault === "own found") {
        throw new ToplineError("OBJECT_EXISTS", `There is an object ${key} already.`);
      }
      return answer;
    },
  };
}

const lost = (key: string) =>
  new ToplineError("STORE_UNAVAILABLE", `No answer to the put of ${key}.`);
