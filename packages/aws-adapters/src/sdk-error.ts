/** What the AWS SDK tells of a call that failed, whatever the service. */

export interface DescribedError {
  readonly name: string;
  readonly message: string;
  /** Of the network. */
  readonly code: string;
  /** Of HTTP; undefined if there was no answer. */
  readonly status: number | undefined;
  /** That the SDK has made. */
  readonly attempts: number;
  /** By the SDK's own judgement. */
  readonly isRetryable: boolean;
}

/** Of what the SDK hangs on an error none is certain to be there. */
export function described(error: unknown): DescribedError {
  const found = error as
    | {
        readonly name?: string;
        readonly message?: string;
        readonly code?: string;
        readonly $retryable?: unknown;
        readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
      }
    | undefined;
  return {
    name: found?.name ?? "Error",
    message: found?.message ?? String(error),
    code: found?.code ?? "",
    status: found?.$metadata?.httpStatusCode,
    attempts: found?.$metadata?.attempts ?? 1,
    isRetryable: found?.$retryable !== undefined,
  };
}

/** As a message shows it, within a sentence of its own. */
export const answerOf = ({ status, name, message }: DescribedError): string =>
  `${status === undefined ? "" : `${status} `}${name}: ${message.replace(/\.$/, "")}`;

const networkCodes = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** Whether the same call may succeed later; `names` are those of the service's errors that go by. */
export function mayPass(error: unknown, names: ReadonlySet<string>): boolean {
  const { name, status, code, isRetryable } = described(error);
  // 501: what the service cannot do it will not be able to do later.
  if (status === 429 || (status !== undefined && status >= 500 && status !== 501)) return true;
  return isRetryable || name === "TimeoutError" || names.has(name) || networkCodes.has(code);
}

export const GIVE_CREDENTIALS =
  "Give credentials: a profile, a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
