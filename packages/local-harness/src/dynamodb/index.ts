/** A DynamoDB of one's own: an emulator, as a child process. */
export { startEmbeddedDynamo } from "./choice.ts";
export { startDynamoDbLocal } from "./dynamodb-local.ts";
export { startDynoxide } from "./dynoxide.ts";
export type { EmbeddedDynamo } from "./kinds.ts";
export type { DynamoServer, StartDynamoOptions } from "./served-by-child.ts";
