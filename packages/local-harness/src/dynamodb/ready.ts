import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** Resolves when the server answers ListTables; rejects with the abort's reason. */
export async function answersListTables(endpoint: string, signal: AbortSignal): Promise<void> {
  for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
    signal.throwIfAborted();
    const answered = await listTables(endpoint, signal).catch(() => false);
    if (answered) return;
    await delay(pause, undefined, { signal });
  }
}

/** One signed-looking call: the emulator wants the form of a signature and does not check it. */
function listTables(endpoint: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const call = request(
      endpoint,
      {
        method: "POST",
        // No connection is left behind.
        agent: false,
        signal,
        headers: {
          "content-type": "application/x-amz-json-1.0",
          "x-amz-target": "DynamoDB_20120810.ListTables",
          "x-amz-date": "20240625T000000Z",
          authorization:
            "AWS4-HMAC-SHA256 Credential=topline/20240625/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        },
      },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode === 200)).on("error", reject);
      },
    );
    call.on("error", reject);
    call.end('{"Limit":1}');
  });
}
