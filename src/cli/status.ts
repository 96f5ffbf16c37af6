/** `signalbox status`. @module */

import { z } from "zod";
import { isJsonObject } from "../support/json.ts";
import { type Arguments, type Command, JSON_FLAG } from "./command.ts";
import { formatJson, formatTable, styled, type Terminal } from "./output.ts";
import { GATEWAY_FLAGS, RunningGateway } from "./running_gateway.ts";

/** `signalbox status`: how a running gateway does. */
export const statusCommand: Command = {
  usage: "[--url URL] [--token TOKEN] [--config PATH] [--json]",
  flags: [...GATEWAY_FLAGS, JSON_FLAG],
  notes:
    "Exit code 1: it is not ready, or a provider is down. 3: nobody answers.",
  run: status,
};

const providersSchema = z.array(z.looseObject({
  name: z.string(),
  kind: z.string(),
  status: z.string(),
  score: z.number(),
  attempts: z.number(),
  running: z.number(),
}));
const breakersSchema = z.array(z.looseObject({
  name: z.string(),
  state: z.string(),
  failures: z.number(),
  reason: z.string().nullable(),
  retryAt: z.string().nullable(),
}));
const connectionsSchema = z.looseObject({ total: z.number(), sse: z.number() });

async function status(given: Arguments, terminal: Terminal): Promise<number> {
  const gateway = await RunningGateway.find(given, terminal);
  const about = await gateway.get("/");
  const ready = await gateway.get("/ready");
  const health = await gateway.get("/health");
  const providers = providersSchema.parse(
    await gateway.read("/api/providers/health"),
  );
  const breakers = breakersSchema.parse(
    await gateway.read("/debug/circuit-breakers"),
  );
  const connections = connectionsSchema.parse(
    await gateway.read("/debug/connections"),
  );
  const isWell = ready.status === 200 &&
    providers.every((provider) => provider.status !== "down");
  if (given.has("json")) {
    terminal.out(formatJson({
      url: gateway.url,
      about: about.body,
      ready: ready.status === 200,
      health: health.body,
      connections,
      providers,
      breakers,
    }));
    return isWell ? 0 : 1;
  }
  const { name, version } = isJsonObject(about.body)
    ? about.body
    : { name: "gateway", version: "?" };
  const word = isJsonObject(ready.body) ? ready.body["status"] : "?";
  terminal.out(
    `${name} ${version} at ${gateway.url}: ${
      styled(terminal, ready.status === 200 ? "green" : "red", String(word))
    }, ${counted(connections.total, "connection")}, ${
      counted(connections.sse, "stream")
    }`,
  );
  if (isJsonObject(health.body)) terminal.out(facts(health.body));
  terminal.out("");
  printProviders(terminal, providers);
  printBreakers(terminal, breakers);
  return isWell ? 0 : 1;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function facts(health: Readonly<Record<string, unknown>>): string {
  return Object.entries(health)
    .filter(([name, value]) => name !== "status" && typeof value !== "object")
    .map(([name, value]) => `${name} ${value}`).join(", ");
}

function printProviders(
  terminal: Terminal,
  providers: z.infer<typeof providersSchema>,
): void {
  terminal.out(formatTable(
    terminal,
    ["provider", "kind", "status", "score", "attempts", "running"],
    providers.map((provider) => [
      provider.name,
      provider.kind,
      provider.status,
      provider.score.toFixed(2),
      String(provider.attempts),
      String(provider.running),
    ]),
  ));
}

function printBreakers(
  terminal: Terminal,
  breakers: z.infer<typeof breakersSchema>,
): void {
  const open = breakers.filter(({ state }) => state !== "closed");
  if (open.length === 0) return;
  terminal.out("");
  terminal.out(formatTable(
    terminal,
    ["resting", "state", "failures", "reason", "until"],
    open.map(({ name, state, failures, reason, retryAt }) => [
      name,
      state,
      String(failures),
      reason ?? "",
      retryAt ?? "",
    ]),
  ));
}
