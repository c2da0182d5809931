export {
  removalOf,
  startContainers,
  type StartContainersOptions,
  type StartedContainers,
} from "./containers/index.ts";
export { startDynoxide, type DynamoServer, type StartDynoxideOptions } from "./dynamodb/index.ts";
export * from "./external/index.ts";
export * from "./harness/index.ts";
export { startS3Server, type S3Server, type S3ServerOptions } from "./s3-server/index.ts";
