import { ToplineError } from "@topline/core";

/**
 * A log spells a data file's path as a URI (RFC 2396), encoded once; the object's key is what decoding gives.
 * Slashes and `=` stay as they are, so that `date=2024-06-25/a.parquet` reads the same in both.
 */
export function toLogPath(path: string): string {
  try {
    return path
      .split("/")
      .map((part) => encodeURIComponent(part).replaceAll("%3D", "="))
      .join("/");
  } catch (cause) {
    throw new ToplineError(
      "INTERNAL",
      `A data file's path must be well-formed Unicode; ${JSON.stringify(path)} is not.`,
      { cause },
    );
  }
}

/** `undefined` for what is no path in the table's folder: absolute, a whole URI, or damaged encoding. */
export function fromLogPath(logPath: string): string | undefined {
  if (logPath.startsWith("/") || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(logPath)) return undefined;
  try {
    const path = decodeURIComponent(logPath);
    return path === "" ? undefined : path;
  } catch {
    return undefined;
  }
}
