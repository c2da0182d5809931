import * as sdk from "@aws-sdk/client-s3";

/**
 * What the SDK's own schemas say of each operation of S3: its inputs, which of them it must have, and how they
 * travel. So a version of the SDK that knows another operation or parameter has it tried.
 */
export interface SdkCommand {
  /** `GetObject` */
  readonly name: string;
  readonly inputs: readonly SdkInput[];
  send(client: sdk.S3Client, input: object, signal: AbortSignal): Promise<Record<string, unknown>>;
}

export interface SdkInput {
  readonly name: string;
  readonly isRequired: boolean;
  /** A value that the SDK takes for it. */
  readonly sample: unknown;
}

type Schema = number | readonly unknown[] | (() => Schema);
type Constructor = new (input: object) => Parameters<sdk.S3Client["send"]>[0];

const exports: Readonly<Record<string, unknown>> = { ...sdk };

export const sdkCommands = (): SdkCommand[] =>
  Object.keys(exports)
    .filter((exported) => /^[A-Z]\w+Command$/.test(exported))
    .map((exported) => {
      const name = exported.slice(0, -"Command".length);
      const Command = exports[exported] as Constructor;
      const operation = resolve(exports[`${name}$`] as Schema) as readonly unknown[];
      return {
        name,
        inputs: inputsOf(resolve(operation[4] as Schema)),
        send: async (client, input, abortSignal) => ({
          ...(await client.send(new Command(input), { abortSignal })),
        }),
      };
    });

function inputsOf(schema: Schema): SdkInput[] {
  const [, , , , names, members, required] = schema as unknown as [
    ...head: [number, string, string, unknown],
    names: readonly string[],
    members: readonly Schema[],
    required: number | undefined,
  ];
  return names.map((name, at) => ({
    name,
    // Those that must be there come first.
    isRequired: at < (required ?? 0),
    sample: sampleOf(members[at] as Schema, name),
  }));
}

/** Schemas of shapes that know each other are functions. */
function resolve(schema: Schema): Exclude<Schema, () => Schema> {
  return typeof schema === "function" ? resolve(schema()) : schema;
}

const LIST = 64;
const MAP = 128;

/** Shapes are lists that begin with their kind; simple ones are numbers, alone or with their traits. */
function sampleOf(given: Schema, name: string): unknown {
  const schema = resolve(given);
  if (typeof schema === "number") return simple(schema, name);
  const [kind, ...rest] = schema;
  const namesItsKind = typeof rest[0] === "string";
  if (!namesItsKind) return sampleOf(kind as Schema, name);
  const [, , , first, second, required] = rest as [
    string,
    string,
    unknown,
    unknown,
    unknown,
    number,
  ];
  if (kind === 0) return sampleOf(first as Schema, name);
  if (kind === 1) return [sampleOf(first as Schema, name)];
  if (kind === 2) return { x: sampleOf(second as Schema, name) };
  const names = first as readonly string[];
  const members = second as readonly Schema[];
  // Of a union one member, of a structure those that it must have, or one where it need have none.
  const count = kind === 4 ? 1 : Math.max(required ?? 0, 1);
  return Object.fromEntries(
    names.slice(0, count).map((member, at) => [member, sampleOf(members[at] as Schema, member)]),
  );
}

function simple(type: number, name: string): unknown {
  if (type >= MAP) return { x: simple(type - MAP, name) };
  if (type >= LIST) return [simple(type - LIST, name)];
  if (type === 0) return SAMPLES[name] ?? "x";
  if (type === 1) return 1;
  if (type === 2) return true;
  if (type >= 4 && type <= 7) return new Date(86_400_000);
  // Blobs, streaming or not.
  return new TextEncoder().encode("x");
}

/** Where any text would be refused before S3 is asked. */
const SAMPLES: Readonly<Record<string, string>> = {
  SSECustomerKey: "0123456789abcdef0123456789abcdef",
};
