import type { PipelineContext } from "@topline/core";
import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { z } from "zod";

/** A figure of CloudWatch's. */
export interface Figure {
  readonly name: string;
  readonly unit: (typeof MetricUnit)[keyof typeof MetricUnit];
  readonly value: number;
}

/** What a step has yielded: what its caller reads, and what is measured of it. */
export interface Yield<Output> {
  readonly output: Output;
  readonly figures: readonly Figure[];
}

/** A step of the pipeline as a function: what it is given, what it does, what it tells. */
export interface Step<Input extends OfRun, Output extends OfRun> {
  readonly name: "validate" | "transform" | "archive";
  readonly input: z.ZodType<Input>;
  perform(context: PipelineContext, input: Input): Promise<Yield<Output>>;
}

/** Every input and every output. */
export interface OfRun {
  readonly run_id: string;
}

/** Of a list, an orchestrator is told its length, and these many of it. */
export const MOST_ENTRIES = 20;

/** Of one text: a key of S3's, and what is wrong with it. */
const MOST_CHARACTERS = 2_000;

export const shorten = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`;

export const firstTexts = (texts: readonly string[]): string[] =>
  texts.slice(0, MOST_ENTRIES).map(shorten);

/** An exact integer: a number where a double holds it, digits beyond. */
export const countSchema = z.union([z.int().min(0), z.string().regex(/^[0-9]+$/)]);
export type Count = z.infer<typeof countSchema>;

export const count = (value: bigint): Count =>
  value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();

export const counted = (name: string, value: bigint | number): Figure => ({
  name,
  unit: MetricUnit.Count,
  value: Number(value),
});
