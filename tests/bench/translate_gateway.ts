/**
 * The gateway's CPU over sockets, native and translated: a gateway in a process
 * of its own, a provider of each protocol and the clients in this one.
 *
 * @module
 */

import { PROTOCOL_NAMES, type ProtocolName } from "../../src/exchange/names.ts";
import { startGateway } from "../e2e/gateway.ts";
import {
  answer,
  FakeProvider,
  type RecordedRequest,
  stream,
} from "../fake_provider/fake_provider.ts";

/** What goes over the sockets of a measurement. */
export interface Traffic {
  /** Events of a provider's stream. */
  readonly events: { readonly [P in ProtocolName]: readonly string[] };
  /** A provider's whole answer. */
  readonly answers: { readonly [P in ProtocolName]: string };
  /** A client's request. */
  readonly requests: { readonly [P in ProtocolName]: string };
}

const PATHS: { readonly [P in ProtocolName]: string } = {
  chat: "/v1/chat/completions",
  messages: "/v1/messages",
  responses: "/v1/responses",
};
// Linux counts in hundredths of a second.
const MICROSECONDS_PER_TICK = 10_000;

/** CPU of the gateway's process so far, in microseconds. */
function cpuOf(process: number): number {
  const stat = Deno.readTextFileSync(`/proc/${process}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
}

function asksForStream(request: RecordedRequest): boolean {
  return /"stream": ?true/.test(new TextDecoder().decode(request.body));
}

/** A gateway in another process, with a provider of each protocol in this one. */
export class GatewayUnderLoad implements AsyncDisposable {
  readonly #providers: FakeProvider[];
  readonly #child: Deno.ChildProcess;
  readonly #url: string;
  readonly #traffic: Traffic;

  private constructor(
    providers: FakeProvider[],
    child: Deno.ChildProcess,
    url: string,
    traffic: Traffic,
  ) {
    this.#providers = providers;
    this.#child = child;
    this.#url = url;
    this.#traffic = traffic;
  }

  /** Starts providers and gateway. */
  static async start(traffic: Traffic): Promise<GatewayUnderLoad> {
    const providers = await Promise.all(PROTOCOL_NAMES.map((name) => {
      const streaming = stream(traffic.events[name]);
      const whole = answer(200, traffic.answers[name]);
      return FakeProvider.start((socket, request) =>
        asksForStream(request)
          ? streaming(socket, request)
          : whole(socket, request)
      );
    }));
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        new URL(import.meta.url).pathname,
        ...providers.map((provider) => String(provider.port)),
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const { value } = await child.stdout
      .pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]().next();
    return new GatewayUnderLoad(
      providers,
      child,
      String(value).trim(),
      traffic,
    );
  }

  /** Gives the gateway's CPU for `count` requests, in microseconds each. */
  async cpuPerRequest(
    client: ProtocolName,
    provider: ProtocolName,
    streamed: boolean,
    count: number,
    concurrency: number,
  ): Promise<number> {
    const body = JSON.stringify({
      ...JSON.parse(this.#traffic.requests[client]),
      model: `${provider}-only/m`,
      ...(streamed ? { stream: true } : {}),
    });
    const before = cpuOf(this.#child.pid);
    let left = count;
    await Promise.all(Array.from({ length: concurrency }, async () => {
      while (left-- > 0) {
        const response = await fetch(this.#url + PATHS[client], {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        });
        const text = await response.text();
        if (!response.ok || text.includes('"error":{')) {
          throw new Error(`Cannot measure: ${text.slice(0, 300)}`);
        }
      }
    }));
    return (cpuOf(this.#child.pid) - before) / count;
  }

  /** Ends them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close();
    await this.#child.status;
    for (const provider of this.#providers) {
      await provider[Symbol.asyncDispose]();
    }
  }
}

/** The gateway's process: prints its URL and runs until its standard input ends. */
async function serve(ports: readonly string[]): Promise<void> {
  const [chat, messages, responses] = ports.map((port) =>
    `http://127.0.0.1:${port}`
  );
  await using gateway = await startGateway({
    providers: {
      "chat-only": { protocols: { chat: `${chat}/v1` } },
      "messages-only": { protocols: { messages } },
      "responses-only": { protocols: { responses: `${responses}/v1` } },
    },
  });
  console.log(gateway.url);
  for await (const _ of Deno.stdin.readable) {
    // Nothing is said: the end of it is the sign.
  }
}

if (import.meta.main) await serve(Deno.args);
