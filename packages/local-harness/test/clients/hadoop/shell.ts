import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Cloud } from "../../../../../test/backends/index.ts";
import { javaClasspath } from "../../../../../test/machine/java-classpath.ts";

const POM = fileURLToPath(new URL("pom.xml", import.meta.url));

/** Less than the first result of a JVM that optimizes. */
const SHORT_LIVED = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m"];

export interface Said {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** `hadoop fs`: one command a call, over S3A. */
export type HadoopShell = (...args: readonly string[]) => Promise<Said>;

/** @param directory for its settings and what it writes on the way */
export async function hadoopShell(
  { java, maven }: { readonly java: string; readonly maven: string },
  { s3, credentials }: Pick<Cloud, "s3" | "credentials">,
  directory: string,
): Promise<HadoopShell> {
  const settings = {
    "fs.s3a.endpoint": s3,
    "fs.s3a.endpoint.region": "us-east-1",
    "fs.s3a.access.key": credentials.accessKeyId,
    "fs.s3a.secret.key": credentials.secretAccessKey,
    "fs.s3a.path.style.access": "true",
    "fs.s3a.connection.ssl.enabled": "false",
    "fs.s3a.multipart.size": "5M",
    "fs.s3a.multipart.threshold": "5M",
    // Several pages, without the objects of several.
    "fs.s3a.paging.maximum": "3",
    // What is refused is to be told, not tried again.
    "fs.s3a.attempts.maximum": "1",
    "fs.s3a.retry.limit": "0",
    "fs.s3a.buffer.dir": join(directory, "buffer"),
    "hadoop.tmp.dir": directory,
  };
  const conf = join(directory, "conf");
  await mkdir(conf, { recursive: true });
  await writeFile(join(conf, "core-site.xml"), configuration(settings));
  const classpath = [conf, await javaClasspath(maven, POM)].join(delimiter);

  return async (...args) => {
    const command = ["-cp", classpath, "org.apache.hadoop.fs.FsShell", ...args];
    const child = spawn(java, [...SHORT_LIVED, ...command], {
      env: { PATH: "/usr/bin:/bin", HADOOP_USER_NAME: "topline", LC_ALL: "C.UTF-8" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [code]] = await Promise.all([
      buffer(child.stdout),
      text(child.stderr),
      once(child, "close"),
    ]);
    return { code: code as number, stdout, stderr };
  };
}

function configuration(settings: Readonly<Record<string, string>>): string {
  const properties = Object.entries(settings).map(
    ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>`,
  );
  return `<configuration>${properties.join("")}</configuration>`;
}
