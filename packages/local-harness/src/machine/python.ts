import { type Finding, lacking, type Machine, present } from "./finding.ts";
import { ask, findProgram, isAtLeast } from "./program.ts";
import { told } from "./programs.ts";

const NAMES = ["python3", "python", "python3.13", "python3.12", "python3.11"];
const LEAST = "3.11";

/** Debian's python3 can import venv without being able to make one: that takes ensurepip. */
const QUESTION = `
import importlib.util as u, sys
print("%d.%d.%d" % sys.version_info[:3], sys.executable, all(u.find_spec(m) for m in ("venv", "ensurepip")), sep="\\n")
`;

const PYTHON = {
  name: "python",
  needed_for: "the Glue job (Spark), Airflow, and clients in Python",
} as const;
const REMEDY = `Install Python ${LEAST} or later with venv (Debian: apt-get install python3 python3-venv).`;

/** The first Python that is new enough and can make a virtual environment; failing that, what the first one lacks. */
export async function probePython(machine: Machine): Promise<Finding> {
  let nearest: Finding | undefined;
  for (const name of NAMES) {
    const program = await findProgram([name], machine);
    if (program === undefined) continue;
    const finding = await judge(program, machine);
    if (finding.found) return finding;
    nearest ??= finding;
  }
  return nearest ?? lacking(PYTHON, `There is no python3 on PATH. ${REMEDY}`);
}

async function judge(program: string, machine: Machine): Promise<Finding> {
  const answer = await ask(program, ["-c", QUESTION], machine);
  const [version = "", path = program, canMakeOne] = answer.text.split("\n");
  if (!answer.ok || !/^[0-9]+\.[0-9]+/.test(version)) {
    return lacking(PYTHON, `${program} does not work: ${told(answer)}. ${REMEDY}`, {
      path: program,
    });
  }
  const there = { version, path };
  if (!isAtLeast(version, LEAST)) return lacking(PYTHON, `${version} is too old. ${REMEDY}`, there);
  if (canMakeOne !== "True") return lacking(PYTHON, `${path} has no venv. ${REMEDY}`, there);
  return present(PYTHON, there);
}
