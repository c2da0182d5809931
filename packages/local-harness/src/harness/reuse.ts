/**
 * Whether containers are to stay: as asked, else as testcontainers' own variable says. `false` in that
 * variable forbids it, as it does everywhere with testcontainers.
 */
export function isReuseAsked(
  asked: boolean | undefined,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const variable = env["TESTCONTAINERS_REUSE_ENABLE"];
  return variable !== "false" && (asked ?? variable === "true");
}
