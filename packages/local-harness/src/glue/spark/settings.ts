import { join } from "node:path";
import type { JobSpec } from "./spec.ts";

type JobPlace = Pick<JobSpec, "endpoints" | "directory">;

/** Spark's settings for a job on this machine; a job's own `--conf` goes before them. */
export function settingsOf({ endpoints, directory }: JobPlace, classPath: string): string {
  const { s3, region, accessKeyId, secretAccessKey } = endpoints;
  const settings: Readonly<Record<string, string>> = {
    "spark.master": "local[*]",
    "spark.driver.memory": "2g",
    "spark.driver.extraClassPath": classPath,
    // The first compiler alone is ready sooner; but it would get 48 MB for all that Spark has it compile, and when
    // these are full the JVM goes on without a compiler.
    "spark.driver.extraJavaOptions": `"-Djava.io.tmpdir=${join(directory, "tmp")}" "-Dderby.system.home=${directory}" -Dfile.encoding=UTF-8 -Djava.security.manager=allow -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m`,
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.log.level": "WARN",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.local.dir": join(directory, "local"),
    "spark.sql.warehouse.dir": join(directory, "warehouse"),
    // Glue's `s3://` is S3A here.
    "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
    "spark.hadoop.fs.AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.s3a.S3A",
    "spark.hadoop.fs.s3a.endpoint": s3,
    "spark.hadoop.fs.s3a.endpoint.region": region,
    "spark.hadoop.fs.s3a.access.key": accessKeyId,
    "spark.hadoop.fs.s3a.secret.key": secretAccessKey,
    "spark.hadoop.fs.s3a.path.style.access": "true",
    "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
    "spark.hadoop.fs.s3a.buffer.dir": join(directory, "s3a"),
  };
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} ${value.replaceAll("\\", "\\\\")}`,
  );
  return `${lines.join("\n")}\n`;
}

/** What a script finds of the harness in its environment, as an AWS SDK looks for it. */
export function environmentOf({ endpoints, directory }: JobPlace): Record<string, string> {
  const { s3, dynamodb, glue, region, accessKeyId, secretAccessKey } = endpoints;
  return {
    AWS_ENDPOINT_URL_S3: s3,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_GLUE: glue,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_EC2_METADATA_DISABLED: "true",
    TMPDIR: join(directory, "tmp"),
    SPARK_CONF_DIR: join(directory, "conf"),
  };
}
