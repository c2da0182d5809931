import type { GetObjectCommand } from "@aws-sdk/client-s3";

/**
 * What the SDK's own retry loop does not retry by itself, told to it from inside the loop, command by command:
 * the count of attempts, the jitter and the quota stay the SDK's.
 */

interface Retriable {
  readonly middlewareStack: {
    add(
      middleware: <A, R>(next: (args: A) => Promise<R>) => (args: A) => Promise<R>,
      options: { readonly step: "deserialize"; readonly priority: "high"; readonly name: string },
    ): void;
  };
}

const conflicts = new Set(["ConditionalRequestConflict", "OperationAborted"]);

/** 409: two conditional writes met, and S3 wants the later one again. */
export function retryingConflicts<C extends Retriable>(command: C): C {
  command.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if (error instanceof Error && conflicts.has(error.name)) throw retriable(error);
        throw error;
      }
    },
    { step: "deserialize", priority: "high", name: "toplineRetryConflicts" },
  );
  return command;
}

/**
 * Takes the body in as part of the attempt, so that a connection that breaks in the middle is an attempt that
 * failed. For parts: the body is held in memory.
 * @returns a function that gives the body of the attempt that succeeded
 */
export function takingBody(command: GetObjectCommand, bytes: number): () => Uint8Array[] {
  let chunks: Uint8Array[] = [];
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      chunks = [];
      let taken = 0;
      try {
        for await (const chunk of bodyOf(result.output)) {
          chunks.push(chunk);
          taken += chunk.byteLength;
        }
      } catch (error) {
        throw retriable(error instanceof Error ? error : new Error(String(error)));
      }
      if (taken !== bytes) throw retriable(new Error(`Expected ${bytes} bytes, found ${taken}.`));
      return result;
    },
    { step: "deserialize", priority: "high", name: "toplineTakeBody" },
  );
  return () => chunks;
}

/** The SDK types a body for every platform; on Node and Deno it is an async iterable. */
export function bodyOf(output: unknown): AsyncIterable<Uint8Array> {
  const found = output as { readonly Body?: AsyncIterable<Uint8Array> } | undefined;
  return found?.Body ?? nothing();
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

const retriable = (error: Error): Error => Object.assign(error, { $retryable: {} });
