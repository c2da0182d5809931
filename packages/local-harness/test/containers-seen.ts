import { type Docker, findDocker } from "../src/containers/docker.ts";
import { LABEL } from "../src/containers/labels.ts";
import { isStatus } from "../src/containers/removal.ts";

/** What Docker has of one start of containers: looked for by that start's own labels, whatever else runs. */
export interface Seen {
  readonly docker: Docker;
  /** Their names, Ryuk's among them. */
  names(): Promise<string[]>;
  /** Their ids, by service. */
  ids(): Promise<Readonly<Record<string, string>>>;
  remove(): Promise<void>;
}

/** @param mark `topline.harness.session=…` or `topline.harness.owner=…` */
export async function look(mark: string): Promise<Seen> {
  const docker = await findDocker();
  const [name, value] = mark.split("=");
  const marks = name === LABEL.session ? [mark, `${LABEL.reaps}=${value}`] : [mark];
  const list = async () => {
    const found = marks.map((label) =>
      docker.engine.listContainers({ all: true, filters: { label: [label] } }),
    );
    return (await Promise.all(found)).flat();
  };
  return {
    docker,
    names: async () => (await list()).map(({ Names: [own = ""] }) => own.slice(1)).toSorted(),
    async ids() {
      return Object.fromEntries(
        (await list()).map(({ Labels: labels, Id: id }) => [labels[LABEL.service] ?? "Ryuk", id]),
      );
    },
    async remove() {
      for (const { Id: id } of await list()) {
        await docker.engine.getContainer(id).remove({ force: true, v: true });
      }
    },
  };
}

/** The anonymous volumes of a container. */
export async function volumesOf({ engine }: Docker, id: string): Promise<string[]> {
  const { Mounts: mounts } = await engine.getContainer(id).inspect();
  return mounts.flatMap(({ Type: type, Name: name = "" }) => (type === "volume" ? [name] : []));
}

export async function isVolume({ engine }: Docker, name: string): Promise<boolean> {
  try {
    await engine.getVolume(name).inspect();
    return true;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw error;
  }
}
