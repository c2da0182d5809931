import type { HarnessContainers } from "../harness/backend.ts";
import { claim, type ClaimOptions } from "./claim.ts";
import type { Docker } from "./docker.ts";
import type { Emulator } from "./emulators.ts";
import { ensureImages } from "./images.ts";
import { isReaperWanted, ryukImage, startReaper } from "./reaper.ts";
import { removeContainer } from "./removal.ts";
import { resumeEmulator, type RunningContainer, runEmulator } from "./running.ts";

export interface StartContainersOptions extends ClaimOptions {
  /**
   * Whose containers these are. What a killed process of the same owner left is removed first, and what was
   * kept for it is taken up; so only one start at a time may be an owner's. Default: nobody's.
   */
  readonly owner?: string;
  /** They stay, and the next start for the owner takes them up again. Default: false. */
  readonly reuse?: boolean;
  /** The port that S3 must be on. Default: whichever is free. */
  readonly s3Port?: number;
  /** Gives up starting, and removes what was begun. */
  readonly signal?: AbortSignal;
  /** Hears what takes long, such as an image being pulled. */
  readonly onProgress?: (message: string) => void;
}

/** LocalStack and DynamoDB Local in containers. */
export interface StartedContainers extends AsyncDisposable {
  /** `http://<host>:<port>`; path-style addressing. */
  readonly s3: string;
  readonly dynamodb: string;
  readonly containers: HarnessContainers;
  /** Resolves, with the reason, when one of them ended without being closed. */
  readonly lost: Promise<string>;
  /** Removes them, unless they are kept. */
  close(): Promise<void>;
}

export interface Emulators {
  readonly s3: Emulator;
  readonly dynamodb: Emulator;
}

/** `startContainers`, with the emulators that are named. */
export async function startEmulators(
  docker: Docker,
  { s3, dynamodb }: Emulators,
  options: StartContainersOptions,
): Promise<StartedContainers> {
  const { s3Port, signal, onProgress = () => {} } = options;
  const giveUp = new AbortController();
  const given = AbortSignal.any([giveUp.signal, ...(signal === undefined ? [] : [signal])]);
  const claimed = await claim(docker, [s3, dynamodb], options);
  const { areKept, label, suffix, kept } = claimed;
  const labels = { ...claimed.labels, ...claimed.mark };
  const withReaper = !areKept && isReaperWanted();
  await ensureImages(docker, [s3.image, dynamodb.image, ...(withReaper ? [ryukImage()] : [])], {
    signal: given,
    onProgress,
  });
  const reaper = withReaper ? await startReaper(docker, claimed) : undefined;

  const fresh: RunningContainer[] = [];
  const start = async (emulator: Emulator, port?: number): Promise<RunningContainer> => {
    const { service } = emulator;
    const settings = { signal: given, ...(port === undefined ? {} : { port }) };
    const id = kept.get(service);
    const name = `topline-${service.toLowerCase()}-${suffix}`;
    try {
      const running =
        id === undefined
          ? await runEmulator(docker, emulator, { ...settings, name, labels })
          : await resumeEmulator(docker, emulator, id, settings);
      if (id === undefined) fresh.push(running);
      onProgress(`${service} is ready`);
      return running;
    } catch (error) {
      // The other one is waited for in vain.
      giveUp.abort(error);
      throw error;
    }
  };
  const end = async (running: readonly RunningContainer[], gone: readonly RunningContainer[]) => {
    for (const container of running) container.leave();
    await Promise.all(gone.map(({ id }) => removeContainer(docker, id)));
    await reaper?.close();
  };

  onProgress(`Starting S3 (${s3.image}) and DynamoDB (${dynamodb.image})`);
  const starting = [start(s3, s3Port), start(dynamodb)] as const;
  try {
    const running = await Promise.all(starting);
    let isClosed = false;
    const close = async () => {
      isClosed = true;
      await end(running, areKept ? [] : running);
    };
    return {
      s3: running[0].endpoint,
      dynamodb: running[1].endpoint,
      containers: { areKept, label },
      lost: Promise.race(running.map(({ lost }) => lost)).then((reason) =>
        isClosed ? new Promise<never>(() => {}) : reason,
      ),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await Promise.allSettled(starting);
    await end(fresh, fresh);
    throw error;
  }
}
