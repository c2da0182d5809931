/** A DynamoDB of one's own: the native emulator, as a child process. */
export { type DynamoServer, startDynoxide, type StartDynoxideOptions } from "./dynoxide.ts";
