/** `signalbox explain`. @module */

import { loadConfig } from "../config/load.ts";
import { RequestError } from "../exchange/gateway_error.ts";
import { explainQuestion } from "../http/explain.ts";
import { PROTOCOLS } from "../protocols/protocols.ts";
import type { Explanation } from "../routing/explanation.ts";
import { Router } from "../routing/router.ts";
import {
  isJsonObject,
  type JsonObject,
  parseJsonObject,
} from "../support/json.ts";
import { askGateway } from "../upstream/gateway_client.ts";
import { describeProvider } from "./build_providers.ts";
import {
  type Arguments,
  type Command,
  CONFIG_FLAG,
  JSON_FLAG,
  UsageError,
} from "./command.ts";
import { formatJson, formatTable, styled, type Terminal } from "./output.ts";
import { systemWords } from "../support/system_words.ts";

/** `signalbox explain`: where a request would go, and why. */
export const explainCommand: Command = {
  usage:
    "[--config PATH | --url URL] --endpoint PATH [--client NAME] [--headers JSON] [--json] FILE|-",
  flags: [
    CONFIG_FLAG,
    {
      name: "url",
      value: "URL",
      summary: "Ask this running gateway, which knows prices, speed and health",
    },
    {
      name: "endpoint",
      value: "PATH",
      summary: "Where the request is sent, such as /v1/messages",
    },
    { name: "client", value: "NAME", summary: "Who sends it" },
    {
      name: "headers",
      value: "JSON",
      summary: 'Its headers, such as {"x-team": "a"}',
    },
    JSON_FLAG,
  ],
  maxOperands: 1,
  notes:
    "Nobody is called. Exit code 1: the request would be refused. --url takes the admin token from $SIGNALBOX_ADMIN_TOKEN.",
  run: explain,
};

async function explain(given: Arguments, terminal: Terminal): Promise<number> {
  const question: JsonObject = {
    endpoint: required(given, "endpoint"),
    body: await readJson(given.operands[0], terminal),
    client: given.value("client") ?? null,
    headers: headersOf(given.value("headers")),
  };
  const url = given.value("url");
  const explanation = url === undefined
    ? await explainOffline(question, given, terminal)
    : await explainRunning(question, url, terminal);
  if (given.has("json")) terminal.out(formatJson(explanation));
  else print(explanation, terminal);
  return explanation.refusal === null ? 0 : 1;
}

async function explainOffline(
  question: JsonObject,
  given: Arguments,
  terminal: Terminal,
): Promise<Explanation> {
  const { environment } = terminal;
  const path = given.value("config");
  const { config } = await loadConfig({ path, environment });
  const router = new Router(config);
  try {
    return explainQuestion(question, {
      config: () => config,
      router: () => router,
      protocols: PROTOCOLS,
      provider: (id) => {
        const section = config.providers.get(id);
        return section === undefined
          ? undefined
          : describeProvider(id, section);
      },
    });
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw new UsageError(error.message);
  }
}

async function explainRunning(
  question: JsonObject,
  url: string,
  { environment }: Terminal,
): Promise<Explanation> {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new UsageError(
      `Cannot use --url ${url}: give an address such as http://127.0.0.1:3456`,
    );
  }
  const { status, text } = await askGateway({
    url,
    path: "/api/routing/explain",
    body: question,
    token: environment.get("SIGNALBOX_ADMIN_TOKEN") ?? null,
  });
  if (status === 200) return JSON.parse(text) as Explanation;
  const words = messageOf(text);
  if (status === 400) throw new UsageError(words);
  throw new Error(`Cannot explain: the gateway answered ${status}: ${words}`);
}

function messageOf(text: string): string {
  try {
    const body: unknown = JSON.parse(text);
    const error = isJsonObject(body) ? body["error"] : null;
    if (isJsonObject(error)) return String(error["message"]);
  } catch {
    // Not ours: the text says what it is.
  }
  return text.slice(0, 200);
}

function required(given: Arguments, flag: string): string {
  const value = given.value(flag);
  if (value !== undefined) return value;
  throw new UsageError(
    `Cannot explain: --${flag} is missing, give --${flag} /v1/messages or another`,
  );
}

function headersOf(text: string | undefined): JsonObject {
  if (text === undefined) return {};
  const headers = parseJsonObject(text);
  if (headers !== null) return headers;
  throw new UsageError(
    'Cannot use --headers: it is no JSON object, give {"x-team": "a"}',
  );
}

async function readJson(
  path: string | undefined,
  terminal: Terminal,
): Promise<JsonObject> {
  if (path === undefined) {
    throw new UsageError(
      "Cannot explain: FILE is missing, give a path or - for standard input",
    );
  }
  const body = parseJsonObject(
    path === "-" ? await terminal.readInput() : await readText(path),
  );
  if (body !== null) return body;
  throw new UsageError(`Cannot explain ${path}: it holds no JSON object`);
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${systemWords(error)}`, {
      cause: error,
    });
  }
}

function print(explanation: Explanation, terminal: Terminal): void {
  const { requestedModel, alias, resolvedBy, rule, strategy } = explanation;
  const by = rule === null ? resolvedBy : `rules[${rule}]`;
  const through = alias === null ? "" : `, alias ${alias}`;
  terminal.out(`${requestedModel}: by ${by}${through}, selector ${strategy}`);
  terminal.out(factsLine(explanation));
  if (explanation.refusal !== null) {
    const { status, message } = explanation.refusal;
    terminal.out(styled(terminal, "red", `Refused with ${status}: ${message}`));
  }
  if (explanation.candidates.length > 0) {
    terminal.out("");
    terminal.out(candidateTable(explanation, terminal));
  }
  const bodies = explanation.candidates.flatMap(({ target, losses, refusal }) =>
    refusal === null
      ? losses.map((loss) => [target, `Loses ${loss}`] as const)
      : [[target, refusal.message] as const]
  );
  if (bodies.length > 0) {
    terminal.out("");
    terminal.out(formatTable(terminal, ["TARGET", "IN TRANSLATION"], bodies));
  }
  if (explanation.excluded.length > 0) {
    const rows = explanation.excluded.map(({ target, reason }) =>
      [target, reason] as const
    );
    terminal.out("");
    terminal.out(formatTable(terminal, ["EXCLUDED", "REASON"], rows));
  }
}

function factsLine({ facts, affinity }: Explanation): string {
  const parts = [
    `${facts.endpoint}${facts.stream ? ", streamed" : ""}`,
    `client ${facts.client} (tier ${facts.tier})`,
    `about ${facts.inputTokens} input tokens`,
    `${facts.tools.length} tools`,
    `images ${facts.images ? "yes" : "no"}`,
    `thinking ${facts.thinking ? "yes" : "no"}`,
    ...(affinity === null ? [] : [`affinity ${affinity}`]),
  ];
  return parts.join(", ");
}

function candidateTable(
  { candidates }: Explanation,
  terminal: Terminal,
): string {
  const rows = candidates.map(({ target, group, score, reason }, index) => [
    String(index + 1),
    target,
    String(group + 1),
    score === null ? "-" : String(Math.round(score * 10_000) / 10_000),
    reason,
  ]);
  const head = ["ORDER", "TARGET", "GROUP", "SCORE", "REASON"];
  return formatTable(terminal, head, rows);
}
