import { type Finding, lacking, type Machine, present } from "./finding.ts";
import { ask, findProgram } from "./program.ts";

const DOCKER = {
  name: "docker",
  needed_for: "the containers backend: LocalStack and DynamoDB Local",
} as const;

/** The client, and whether a daemon answers it. The version is the daemon's; failing that, the client's. */
export async function probeDocker(machine: Machine): Promise<Finding> {
  const path = await findProgram(["docker"], machine);
  if (path === undefined) {
    return lacking(
      DOCKER,
      "There is no docker on PATH. Install Docker (Debian: apt-get install docker.io) and start its daemon.",
    );
  }
  const format = "{{.Client.Version}} {{if .Server}}{{.Server.Version}}{{end}}";
  const answer = await ask(path, ["version", "--format", format], machine);
  const [client = "", server = ""] = (answer.text.split("\n")[0] ?? "").split(" ");
  if (answer.ok && isVersion(server)) return present(DOCKER, { version: server, path });
  const said = answer.text.split("\n").findLast((line) => line.trim() !== "") ?? answer.end;
  return lacking(
    DOCKER,
    `No daemon answers (${said.trim()}). Start it (systemctl start docker, or dockerd), see that this user may use it, and check DOCKER_HOST.`,
    { version: isVersion(client) ? client : null, path },
  );
}

const isVersion = (text: string) => /^[0-9]/.test(text);
