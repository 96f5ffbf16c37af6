/** `signalbox translate`. @module */

import { RequestError } from "../exchange/gateway_error.ts";
import { PROTOCOL_NAMES, type ProtocolName } from "../exchange/names.ts";
import type { Loss } from "../protocols/canonical.ts";
import type { EncodeContext, Protocol } from "../protocols/protocol.ts";
import { PROTOCOLS } from "../protocols/protocols.ts";
import {
  type AnswerContext,
  type Direction,
  parseDocument,
  translateAnswer,
  translateRequest,
} from "../protocols/translate_document.ts";
import { capabilitiesOf } from "../providers/model_table.ts";
import type { JsonObject } from "../support/json.ts";
import {
  type Arguments,
  type Command,
  JSON_FLAG,
  UsageError,
} from "./command.ts";
import { formatJson, type Terminal } from "./output.ts";
import { translateStream } from "./translate_stream.ts";
import { systemWords } from "../support/system_words.ts";

/** `signalbox translate`: what the gateway would make of a document. */
export const translateCommand: Command = {
  usage:
    "--from PROTOCOL --to PROTOCOL [--response | --stream] [--model MODEL] [--request FILE] [--json] FILE",
  flags: [
    {
      name: "from",
      value: "PROTOCOL",
      summary: "What FILE is written in: chat, messages or responses",
    },
    {
      name: "to",
      value: "PROTOCOL",
      summary: "What it is wanted in: chat, messages or responses",
    },
    { name: "response", summary: "FILE is a provider's whole answer" },
    { name: "stream", summary: "FILE is a provider's event stream" },
    {
      name: "model",
      value: "MODEL",
      summary: "Model at the provider; else the one that FILE names",
    },
    {
      name: "request",
      value: "FILE",
      summary: "The client's request, in the --to protocol, that was answered",
    },
    JSON_FLAG,
  ],
  maxOperands: 1,
  notes:
    "FILE is a client's request body unless --response or --stream is given; - is standard input.\n" +
    "What could not be expressed is listed on standard error. Nothing is called.\n" +
    "Exit code 0: translated, 1: refused, with the error as a client would get it.",
  run: translate,
};

/** What came of a document. */
interface Outcome {
  /** The document, or the error body. */
  readonly text: string;
  readonly losses: readonly Loss[];
  /** The status of the error, `null` where there is none. */
  readonly status: number | null;
}

// Ids of requests that never came over the wire.
const NO_REQUEST_ID = "req_translated";

/** Translates one document and prints it. */
async function translate(
  given: Arguments,
  terminal: Terminal,
): Promise<number> {
  const direction = {
    from: protocolOf(given, "from"),
    to: protocolOf(given, "to"),
  };
  const kind = kindOf(given);
  const text = await readDocument(given.operands[0], terminal);
  const asked = given.value("request");
  const request = asked === undefined
    ? null
    : parseDocument(await readDocument(asked, terminal));
  // A refused request is told in the words of its client's protocol.
  const client = kind === "request" ? direction.from : direction.to;
  const outcome = attempt(client, () => {
    if (kind === "request") {
      return requestOutcome(text, direction, given.value("model"));
    }
    const context = contextOf(direction, given.value("model"), request);
    return kind === "response"
      ? answerOutcome(text, direction, context)
      : { ...translateStream(text, direction, context), losses: [] };
  });
  print(outcome, kind, given.has("json"), terminal);
  return outcome.status === null ? 0 : 1;
}

function protocolOf(given: Arguments, flag: "from" | "to"): Protocol {
  const name = given.value(flag);
  const known = PROTOCOL_NAMES.find((protocol) => protocol === name);
  if (known !== undefined) return PROTOCOLS[known];
  throw new UsageError(
    name === undefined
      ? `Cannot translate: --${flag} is missing, give ${
        PROTOCOL_NAMES.join(", ")
      }`
      : `Cannot use --${flag} ${name}: it is no protocol, give ${
        PROTOCOL_NAMES.join(", ")
      }`,
  );
}

type Kind = "request" | "response" | "stream";

function kindOf(given: Arguments): Kind {
  if (given.has("response") && given.has("stream")) {
    throw new UsageError(
      "Cannot use --response together with --stream: FILE is one of them",
    );
  }
  if (given.has("response")) return "response";
  return given.has("stream") ? "stream" : "request";
}

async function readDocument(
  path: string | undefined,
  terminal: Terminal,
): Promise<string> {
  if (path === undefined) {
    throw new UsageError(
      "Cannot translate: FILE is missing, give a path or - for standard input",
    );
  }
  if (path === "-") return await terminal.readInput();
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${systemWords(error)}`, {
      cause: error,
    });
  }
}

function attempt(client: Protocol, run: () => Outcome): Outcome {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return {
      text: JSON.stringify(client.encodeError(error.error, NO_REQUEST_ID)),
      losses: [],
      status: error.error.status,
    };
  }
}

function requestOutcome(
  text: string,
  direction: Direction,
  model: string | undefined,
): Outcome {
  const asked = parseDocument(text).model;
  const name = model ?? (typeof asked === "string" ? asked : "");
  const { text: body, losses } = translateRequest(text, direction, {
    provider: direction.to.name,
    model: name,
    capabilities: capabilitiesOf(name),
    cacheControl: false,
  });
  return { text: body, losses, status: null };
}

function answerOutcome(
  text: string,
  direction: Direction,
  context: AnswerContext,
): Outcome {
  const answer = translateAnswer(text, direction, context);
  if (answer.kind === "answered") {
    return { text: answer.text, losses: [], status: null };
  }
  const { error } = answer;
  return {
    text: JSON.stringify(direction.to.encodeError(error, NO_REQUEST_ID)),
    losses: [],
    status: error.status,
  };
}

/** The least that a client of a protocol can ask. */
const LEAST_REQUEST: { readonly [P in ProtocolName]: JsonObject } = {
  chat: {
    model: "",
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: "user", content: "" }],
  },
  messages: { model: "", messages: [{ role: "user", content: "" }] },
  responses: { model: "", input: "" },
};

function contextOf(
  { from, to }: Direction,
  model: string | undefined,
  request: JsonObject | null,
): AnswerContext {
  const body = request ?? {
    ...LEAST_REQUEST[to.name],
    model: model ?? from.name,
  };
  let count = 0;
  const encode: EncodeContext = {
    request: to.decodeRequest(body),
    body,
    newId: (prefix) => `${prefix}translated${++count}`,
    now: Date.now,
  };
  return {
    encode,
    decode: {
      provider: from.name,
      model: model ?? encode.request.model,
      toolNames: new Map(),
      eofIsFinish: false,
    },
  };
}

function print(
  outcome: Outcome,
  kind: Kind,
  json: boolean,
  terminal: Terminal,
): void {
  const { text, losses, status } = outcome;
  const isDocument = kind !== "stream" || !text.includes("data:");
  if (json) {
    const value: unknown = isDocument ? JSON.parse(text) : text;
    terminal.out(
      formatJson(
        status === null
          ? { [kind === "request" ? "body" : kind]: value, losses }
          : { error: value, status, losses },
      ),
    );
    return;
  }
  terminal.out(text.trimEnd());
  for (const { field, reason } of losses) {
    terminal.err(`Lost ${field}: ${reason}`);
  }
  if (status !== null) terminal.err(`Refused with status ${status}`);
}
