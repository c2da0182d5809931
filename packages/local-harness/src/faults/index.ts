/** Faults where the outside world begins: of ports in this process, and of requests to S3 and DynamoDB. */
export { ANSWERS, type FaultAnswer } from "./answers.ts";
export { type FaultCall, nameOf, sameCall } from "./calls.ts";
export type { FaultInjector, FaultLog, Injection, Moment, Rule } from "./injector.ts";
export type { OuterPorts } from "./port-calls.ts";
export {
  type PortFault,
  type PortFaults,
  portFaults,
  type PortFaultsOptions,
  ProcessGone,
} from "./ports.ts";
export {
  type FaultEndpoints,
  type FaultProxy,
  type FaultProxyOptions,
  type HttpFault,
  startFaultProxy,
} from "./proxy.ts";
