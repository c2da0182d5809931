import { tableNames } from "@topline/aws-adapters/dynamodb";
import { memoryObjectStore, memoryRunLedger } from "@topline/core/memory";
import { deltaZone } from "@topline/delta-log";
import type { PipelinePorts } from "./pipeline-ports.ts";

/** What a command that makes nothing works on: where bucket or tables are missing, they read as empty. */
export interface PortsAsFound {
  readonly ports: PipelinePorts;
  readonly missingTables: readonly string[];
}

interface Found {
  readonly hasBucket: boolean;
  readonly missingTables: readonly string[];
}

/** Of a state where nothing was ever made. */
export const unusedPorts = (ports: PipelinePorts): PortsAsFound =>
  portsAsFound(ports, {
    hasBucket: false,
    missingTables: tableNames({ prefix: ports.tablePrefix, tables: ports.plan.tables }),
  });

export function portsAsFound(ports: PipelinePorts, found: Found): PortsAsFound {
  const { clock, plan, tablePrefix: prefix, kpis } = ports;
  const missing = new Set(found.missingTables);
  const empty = memoryObjectStore({ clock });
  const kpiTables = new Set(plan.tables.map(({ name }) => prefix + name));
  const hasLedger = found.missingTables.every((name) => kpiTables.has(name));
  return {
    missingTables: found.missingTables,
    ports: {
      ...ports,
      ...(found.hasBucket ? {} : { store: empty, zone: deltaZone({ store: empty }) }),
      ...(hasLedger ? {} : { ledger: memoryRunLedger({ clock }) }),
      kpis: {
        ...kpis,
        async *dates(table) {
          if (!missing.has(prefix + table.name)) yield* kpis.dates(table);
        },
      },
    },
  };
}
