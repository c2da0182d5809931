import process from "node:process";
import type { Reporter, TestModule } from "vitest/node";
import { isNeed, type Need } from "./need.ts";

interface Lack {
  readonly remedy: string;
  readonly files: Set<string>;
  tests: number;
}

/** Says at the end of a run which suites this machine could not run, for lack of what, and what to do. */
export default class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lacks = new Map<Need, Lack>();
    for (const module of modules) {
      const { machine } = module.project.getProvidedContext();
      for (const { tags } of module.children.allTests("skipped")) {
        for (const need of tags.filter(isNeed)) {
          const found = machine[need];
          if (found.path !== null) continue;
          const lack = lacks.get(need) ?? { remedy: found.remedy, files: new Set(), tests: 0 };
          lack.tests += 1;
          lack.files.add(module.relativeModuleId);
          lacks.set(need, lack);
        }
      }
    }
    if (lacks.size > 0) process.stderr.write(tell(lacks));
  }
}

function tell(lacks: ReadonlyMap<Need, Lack>): string {
  const lines = ["", "SKIPPED, since this machine lacks what they need:"];
  for (const [need, { remedy, files, tests }] of lacks) {
    lines.push(`  ${need}: ${tests} tests. ${remedy}`);
    for (const file of files) lines.push(`    ${file}`);
  }
  return `${lines.join("\n")}\n  TOPLINE_REQUIRE_ALL=1 makes each of them a failure.\n\n`;
}
