import { assertEquals, assertStringIncludes } from "@std/assert";
import { gzipSync } from "node:zlib";
import {
  answer,
  FakeProvider,
  stream,
} from "../fake_provider/fake_provider.ts";
import { startGateway } from "./gateway.ts";

const decoder = new TextDecoder();

async function startPair(behaviour: Parameters<typeof FakeProvider.start>[0]) {
  const provider = await FakeProvider.start(behaviour);
  const gateway = await startGateway({
    providers: {
      up: {
        protocols: {
          chat: `${provider.url}/v1`,
          messages: provider.url,
          responses: `${provider.url}/v1`,
        },
        keys: ["${env:UP_KEY}"],
      },
    },
    models: { fast: { targets: ["up/up-model"] } },
    routing: { retry: { maxAttempts: 1 } },
  }, { UP_KEY: "key-of-the-provider" });
  return {
    provider,
    url: gateway.url,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}

function post(
  url: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

const ODD_BODY =
  '{ "z_first":1.0,\n "model" : "fast", "big":18446744073709551615,' +
  '"dup":{"a":1,"a":2}, "esc":"\\u00e9\\ud83d", "messages":[{"role":"user","content":"h\u00efi"}],' +
  '"logit_bias":{"50256":-100,"7":1},"max_tokens":5e1, "unknown":{"x":[1,2,{"y":null}]} }';

for (
  const [path, answerBody] of [
    [
      "/v1/chat/completions",
      '{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2},"n" : 12345678901234567890}',
    ],
    [
      "/v1/messages",
      '{"id":"m","type":"message","role":"assistant","content":[],"model":"up-model","stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}',
    ],
    [
      "/v1/responses",
      '{"id":"r","object":"response","status":"completed","model":"up-model","output":[],"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}',
    ],
  ] as const
) {
  Deno.test(`${path} changes no byte of the body but the model's`, async () => {
    await using pair = await startPair(answer(200, answerBody));
    const response = await post(pair.url + path, ODD_BODY);
    assertEquals(await response.text(), answerBody);
    assertEquals(response.status, 200);
    const [request] = pair.provider.requests;
    assertEquals(
      decoder.decode(request?.body),
      ODD_BODY.replace('"fast"', '"up-model"'),
    );
  });

  Deno.test(`${path} passes a gzipped answer on as it came`, async () => {
    const packed = gzipSync(answerBody);
    await using pair = await startPair(
      answer(200, packed, { "content-encoding": "gzip" }),
    );
    const response = await post(pair.url + path, ODD_BODY);
    assertEquals(response.headers.get("content-encoding"), "gzip");
    assertEquals(await response.text(), answerBody);
  });
}

Deno.test("no credential and no foreign header of the client goes upstream", async () => {
  await using pair = await startPair(answer(200, '{"id":"c","choices":[]}'));
  const response = await post(
    `${pair.url}/v1/messages?beta=true`,
    ODD_BODY,
    {
      "anthropic-version": "2026-10-21",
      "anthropic-beta": "one,two",
      "cookie": "session=1",
      "x-custom": "1",
      "openai-organization": "org",
      "x-stainless-lang": "js",
    },
  );
  await response.body?.cancel();
  const [request] = pair.provider.requests;
  assertEquals(request?.target, "/v1/messages?beta=true");
  assertEquals(request?.header("anthropic-version"), "2026-10-21");
  assertEquals(request?.header("anthropic-beta"), "one,two");
  assertEquals(request?.header("x-api-key"), "key-of-the-provider");
  assertEquals(request?.header("host"), new URL(pair.provider.url).host);
  for (
    const name of [
      "authorization",
      "cookie",
      "x-custom",
      "openai-organization",
      "x-stainless-lang",
    ]
  ) {
    assertEquals(request?.header(name), null, name);
  }
});

const CHUNKS = [
  'data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"a"},"finish_reason":null}],"usage":null}\n\n',
  'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n',
  'data: {"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\n',
  "data: [DONE]\n\n",
];

Deno.test("a chat stream asks for usage and takes the extra chunk out again", async () => {
  await using pair = await startPair(stream(CHUNKS));
  const response = await post(
    `${pair.url}/v1/chat/completions`,
    '{"model":"fast","stream":true,"messages":[]}',
  );
  assertEquals(
    await response.text(),
    CHUNKS.filter((_, index) => index !== 2).join(""),
  );
  assertEquals(
    decoder.decode(pair.provider.requests[0]?.body),
    '{"stream_options":{"include_usage":true},"model":"up-model","stream":true,"messages":[]}',
  );
});

Deno.test("a chat stream whose client asked for usage is passed on byte by byte", async () => {
  await using pair = await startPair(stream(CHUNKS));
  const response = await post(
    `${pair.url}/v1/chat/completions`,
    '{"model":"fast","stream":true,"stream_options":{"include_usage":true},"messages":[]}',
  );
  assertEquals(await response.text(), CHUNKS.join(""));
  assertStringIncludes(
    decoder.decode(pair.provider.requests[0]?.body),
    '"stream_options":{"include_usage":true}',
  );
});
