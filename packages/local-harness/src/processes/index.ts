/** Processes that end when this one does, and locks that the kernel drops with it. */
export { type DirectoryLock, takeLock } from "../harness/lock.ts";
export { spawnTiedGroup, type TiedGroup, type TiedGroupOptions } from "./tied-group.ts";
