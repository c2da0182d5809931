import { dirname } from "node:path";
import process from "node:process";

/** What the machine's owner has said of certificates, proxies and mirrors, and where things are installed. */
const INSTALLERS = /^(HOME|JAVA_HOME|TOPLINE_GLUE_HOME|(SSL|UV|PIP)_\w+|\w+_PROXY)$/i;

/** The environment of a command that finds Java, Python and uv, and may have to install what it needs by them. */
export function equipped(): Readonly<Record<string, string>> {
  const known = Object.entries(process.env).flatMap(([name, value]) =>
    INSTALLERS.test(name) && value !== undefined ? [[name, value] as const] : [],
  );
  return {
    ...Object.fromEntries(known),
    PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
  };
}
