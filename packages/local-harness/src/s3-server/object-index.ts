import { compareCodePoints } from "@topline/core/code-points";
import type { ObjectRecord } from "./records.ts";

/** The objects of a bucket by key, and the keys in the order of their UTF-8 bytes (that of code points). */
export class ObjectIndex {
  readonly #objects = new Map<string, ObjectRecord>();
  /** Sorted when first asked for, kept in order from then on: a start need not wait for it. */
  #keys: string[] | undefined;

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): ObjectRecord | undefined {
    return this.#objects.get(key);
  }

  values(): Iterable<ObjectRecord> {
    return this.#objects.values();
  }

  set(object: ObjectRecord): void {
    if (!this.#objects.has(object.key)) {
      this.#keys?.splice(this.firstNotBefore(object.key), 0, object.key);
    }
    this.#objects.set(object.key, object);
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#keys?.splice(this.firstNotBefore(key), 1);
  }

  /** The `position`-th object in order. */
  at(position: number): ObjectRecord | undefined {
    const key = this.#sorted()[position];
    return key === undefined ? undefined : this.#objects.get(key);
  }

  /** Position of the first key that is not before `key`. */
  firstNotBefore(key: string): number {
    return this.#first((other) => compareCodePoints(other, key) >= 0);
  }

  firstAfter(key: string): number {
    return this.#first((other) => compareCodePoints(other, key) > 0);
  }

  /** Position behind the last key that begins with `prefix`: such keys lie side by side. */
  firstBeyond(prefix: string): number {
    return this.#first(
      (other) => compareCodePoints(other, prefix) > 0 && !other.startsWith(prefix),
    );
  }

  #sorted(): readonly string[] {
    return (this.#keys ??= [...this.#objects.keys()].sort(compareCodePoints));
  }

  /** Bisects: `holds` is false up to some position and true from there on. */
  #first(holds: (key: string) => boolean): number {
    const keys = this.#sorted();
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(keys[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
