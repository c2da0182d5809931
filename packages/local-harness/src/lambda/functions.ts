import { LambdaError } from "./errors.ts";
import { change, definition, folderOf, settings } from "./definition.ts";
import { type Input, integer, refuse, requiredText, text } from "./input.ts";
import {
  arnOf,
  functionNotFound,
  type FunctionReference,
  parseReference,
  requireLatest,
} from "./names.ts";
import { configurationOf, type FunctionRecord } from "./records.ts";
import type { LambdaStore } from "./store.ts";

/** Functions by Lambda's operations. What was changed is told to `onChange`. */
export class Functions {
  readonly #store: LambdaStore;
  readonly #region: string;
  readonly #onChange: (name: string) => void;

  constructor(store: LambdaStore, region: string, onChange: (name: string) => void) {
    this.#store = store;
    this.#region = region;
    this.#onChange = onChange;
  }

  /** @throws {LambdaError} `ResourceNotFoundException` */
  require(reference: FunctionReference): FunctionRecord {
    requireLatest(reference, this.#region);
    const record = this.#store.function(reference.name);
    if (record !== undefined) return record;
    throw functionNotFound(arnOf(this.#region, reference.name, reference.qualifier));
  }

  create(input: Input): object {
    const { name } = parseReference(requiredText(input, "FunctionName"), this.#region);
    const record = definition(name, input);
    if (this.#store.function(name) !== undefined) {
      throw new LambdaError("ResourceConflictException", `Function already exist: ${name}`);
    }
    this.#store.put(record);
    return configurationOf(record, this.#region);
  }

  updateConfiguration(reference: FunctionReference, input: Input): object {
    return this.#update(reference, input, (record) => settings(record, input));
  }

  updateCode(reference: FunctionReference, input: Input): object {
    refuse(input, ["DryRun", "Publish", "PublishTo"]);
    return this.#update(reference, input, ({ kept }) => ({
      folder: folderOf(input),
      ...(Array.isArray(input["Architectures"])
        ? { kept: { ...kept, Architectures: input["Architectures"] as unknown } }
        : {}),
    }));
  }

  get(reference: FunctionReference): object {
    const record = this.require(reference);
    const { folder, tags } = record;
    return {
      Configuration: configurationOf(record, this.#region, reference.qualifier),
      Code: { RepositoryType: "S3", Location: `file://${folder}` },
      ...(Object.keys(tags).length === 0 ? {} : { Tags: tags }),
    };
  }

  configuration(reference: FunctionReference): object {
    return configurationOf(this.require(reference), this.#region, reference.qualifier);
  }

  /** The marker names the last function of the page before. */
  list(query: URLSearchParams): object {
    const given = { MaxItems: query.has("MaxItems") ? Number(query.get("MaxItems")) : undefined };
    const size = integer(given, "MaxItems", { least: 1, most: 10_000 }) ?? 50;
    const after = query.get("Marker") ?? "";
    const rest = this.#store.functions.filter(({ name }) => name > after);
    const page = rest.slice(0, Math.min(size, 50));
    const last = page.at(-1);
    return {
      Functions: page.map((record) => configurationOf(record, this.#region)),
      ...(last !== undefined && rest.length > page.length ? { NextMarker: last.name } : {}),
    };
  }

  delete(reference: FunctionReference): void {
    const { name } = this.require(reference);
    this.#store.delete(name);
    this.#onChange(name);
  }

  #update(
    reference: FunctionReference,
    input: Input,
    changed: (record: FunctionRecord) => Partial<FunctionRecord>,
  ): object {
    const record = this.require(reference);
    const revision = text(input, "RevisionId") ?? record.revision;
    if (revision !== record.revision) {
      throw new LambdaError(
        "PreconditionFailedException",
        "The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to retrieve the latest RevisionId",
      );
    }
    const updated = { ...record, ...changed(record), ...change() };
    this.#store.put(updated);
    this.#onChange(updated.name);
    return configurationOf(updated, this.#region);
  }
}
