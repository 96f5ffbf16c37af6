/** Reads an answer strictly: complete, or a correct error of its protocol, and nothing else. @module */

import { assert, assertEquals } from "@std/assert";

/** What came. A stream that broke has the text until then. */
export interface ReadAnswer {
  readonly complete: boolean;
  readonly text: string;
}

// deno-lint-ignore no-explicit-any -- what came is what is checked
type Json = any;

/** Reads an answer to a request at `path`. @throws where it is neither complete nor a correct error */
export function readAnswer(
  path: string,
  streamed: boolean,
  status: number,
  body: string,
): ReadAnswer {
  if (status !== 200) {
    assert([429, 502, 503, 504].includes(status), `status ${status}: ${body}`);
    assertError(path, JSON.parse(body));
    return { complete: false, text: "" };
  }
  return streamed
    ? readStream(path, body)
    : { complete: true, text: wholeText(path, JSON.parse(body)) };
}

function assertError(path: string, body: Json): void {
  assertEquals(typeof body.error?.message, "string");
  assertEquals(typeof body.error?.type, "string");
  if (path === "/v1/messages") assertEquals(body.type, "error");
}

function wholeText(path: string, body: Json): string {
  switch (path) {
    case "/v1/chat/completions":
      assertEquals(body.choices.length, 1);
      assertEquals(body.choices[0].finish_reason, "stop");
      return body.choices[0].message.content;
    case "/v1/messages":
      assertEquals(body.stop_reason, "end_turn");
      return body.content.map((block: Json) => block.text).join("");
    default:
      assertEquals(body.status, "completed");
      return body.output.flatMap((item: Json) => item.content)
        .map((part: Json) => part.text).join("");
  }
}

function readStream(path: string, body: string): ReadAnswer {
  assert(body.endsWith("\n\n"), "the last event has its blank line");
  const events = body.split("\n\n").slice(0, -1)
    .map((event) => event.split("\n").filter((line) => line[0] !== ":"))
    .filter((lines) => lines.length > 0)
    .map((lines) =>
      lines.find((line) => line.startsWith("data: "))?.slice(6) ?? ""
    );
  const values: Json[] = events.filter((data) => data !== "[DONE]")
    .map((data) => JSON.parse(data));
  const errors = values.filter((value) => isError(path, value));
  const ends = path === "/v1/chat/completions"
    ? events.filter((data) => data === "[DONE]")
    : values.filter((value) => isEnd(path, value));
  // The Responses protocol says an error twice: as such and as the state of the response.
  const failures = errors.filter(({ type }) => type !== "response.failed");
  const most = path === "/v1/responses" ? 2 : 1;
  assert(failures.length <= 1 && errors.length <= most, `one error: ${body}`);
  assertEquals(
    Math.min(errors.length, 1) + ends.length,
    1,
    `one end: ${body}`,
  );
  const last = path === "/v1/chat/completions" && ends.length === 1
    ? events.at(-1) === "[DONE]"
    : [...errors, ...ends].includes(values.at(-1));
  assert(last, `the end is the last event: ${body}`);
  const [error] = errors;
  if (error !== undefined && error.error !== undefined) {
    assertError(path, error);
  }
  const text = values.map((value) => deltaText(path, value)).join("");
  return { complete: ends.length === 1, text };
}

function isError(path: string, value: Json): boolean {
  if (path === "/v1/chat/completions") return value.error !== undefined;
  return value.type === "error" || value.type === "response.failed";
}

function isEnd(path: string, value: Json): boolean {
  return value.type ===
    (path === "/v1/messages" ? "message_stop" : "response.completed");
}

function deltaText(path: string, value: Json): string {
  if (path === "/v1/chat/completions") {
    return value.choices?.[0]?.delta?.content ?? "";
  }
  if (value.type === "content_block_delta") return value.delta.text ?? "";
  return value.type === "response.output_text.delta" ? value.delta : "";
}
