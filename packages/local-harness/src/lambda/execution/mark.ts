/**
 * What a runtime writes behind the last of an invocation, so that whoever reads its output knows that all of it has
 * come. It is no part of the log.
 */
export const markOf = (requestId: string): string => `\0end of ${requestId}\0`;
