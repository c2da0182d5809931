import { GenericContainer, type WaitStrategy } from "testcontainers";
import type { Docker } from "./docker.ts";

/**
 * A container whose one port is open to this machine only, where the daemon is on it. It is not waited for:
 * testcontainers would remove one that does not become ready, with its log and whatever state it holds.
 */
export class LocalContainer extends GenericContainer {
  /** Its id, before it is started; pending for one that is taken up again. */
  readonly created: Promise<string>;
  /** The same as soon as there is one. */
  createdId: string | undefined;
  readonly #docker: Docker;
  readonly #port: number;
  readonly #hostPort: number;
  readonly #resolve: (id: string) => void;

  /** @param hostPort 0 for any that is free */
  constructor(docker: Docker, image: string, port: number, hostPort = 0) {
    super(image);
    const { promise, resolve } = Promise.withResolvers<string>();
    this.created = promise;
    this.#resolve = resolve;
    this.#docker = docker;
    this.#port = port;
    this.#hostPort = hostPort;
    // What outlives its user is told by labels of our own, and removed by a Ryuk of our own.
    this.withExposedPorts(port).withAutoCleanup(false).withWaitStrategy(UNAWAITED);
  }

  protected override async beforeContainerCreated(): Promise<void> {
    // Never "every address": of two protocols at once, Docker may give one a port that the other was asked for.
    const HostIp = this.#docker.isLocal ? "127.0.0.1" : "0.0.0.0";
    this.hostConfig.PortBindings = {
      [`${this.#port}/tcp`]: [{ HostIp, HostPort: String(this.#hostPort) }],
    };
  }

  protected override async containerCreated(id: string): Promise<void> {
    this.createdId = id;
    this.#resolve(id);
  }
}

const UNAWAITED: WaitStrategy = {
  waitUntilReady: async () => {},
  withStartupTimeout: () => UNAWAITED,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
};
