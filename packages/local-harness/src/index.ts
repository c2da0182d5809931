export {
  removalOf,
  startContainers,
  type StartContainersOptions,
  type StartedContainers,
} from "./containers/index.ts";
export {
  type DynamoServer,
  type EmbeddedDynamo,
  startDynamoDbLocal,
  type StartDynamoOptions,
  startDynoxide,
} from "./dynamodb/index.ts";
export * from "./external/index.ts";
export * from "./harness/index.ts";
export { startS3Server, type S3Server, type S3ServerOptions } from "./s3-server/index.ts";
