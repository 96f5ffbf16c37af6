/** `signalbox heads list`. @module */

import { z } from "zod";
import { type Arguments, type Command, JSON_FLAG } from "./command.ts";
import { formatJson, formatTable, type Terminal } from "./output.ts";
import { GATEWAY_FLAGS, RunningGateway } from "./running_gateway.ts";

/** `signalbox heads list`: the back ends that are registered with a running gateway. */
export const headsListCommand: Command = {
  usage: "[--url URL] [--token TOKEN] [--config PATH] [--json]",
  flags: [...GATEWAY_FLAGS, JSON_FLAG],
  run: list,
};

const answerSchema = z.looseObject({
  enabled: z.boolean(),
  heads: z.array(z.looseObject({
    id: z.string(),
    endpoint: z.string(),
    protocol: z.string(),
    modelType: z.string(),
    region: z.string(),
    models: z.array(z.string()),
    status: z.string(),
    currentLoad: z.number(),
    leaseEndsAt: z.string(),
  })),
});

async function list(given: Arguments, terminal: Terminal): Promise<number> {
  const gateway = await RunningGateway.find(given, terminal);
  const body = await gateway.read("/api/routing/heads");
  if (given.has("json")) {
    terminal.out(formatJson(body));
    return 0;
  }
  const { enabled, heads } = answerSchema.parse(body);
  if (!enabled) terminal.err("Heads are off: routing.heads.enabled is false");
  terminal.out(formatTable(
    terminal,
    [
      "id",
      "status",
      "load",
      "type",
      "region",
      "protocol",
      "models",
      "endpoint",
      "lease ends",
    ],
    heads.map((head) => [
      head.id,
      head.status,
      String(head.currentLoad),
      head.modelType,
      head.region,
      head.protocol,
      head.models.join(","),
      head.endpoint,
      head.leaseEndsAt,
    ]),
  ));
  return 0;
}
