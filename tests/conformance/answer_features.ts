/**
 * One probe for each thing that an answer can say: how each provider says it,
 * and how it must stand in the answer for each client if nothing was lost.
 *
 * @module
 */

import type { ProtocolName } from "../../src/exchange/names.ts";
import type { JsonObject } from "../../src/support/json.ts";

/** A thing that an answer can say. */
export interface AnswerFeature {
  /** Its name in the table. */
  readonly name: string;
  /** The answer of each provider that can say it. */
  readonly said: { readonly [P in ProtocolName]?: JsonObject };
  /** Text that stands in the client's answer where it arrived whole. */
  readonly arrives: string | { readonly [P in ProtocolName]?: string };
}

/** An answer of chat. */
export function chatAnswer(
  message: JsonObject,
  finish: string = "stop",
  usage: JsonObject = {},
): JsonObject {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_750_000_000,
    model: "m",
    choices: [{
      index: 0,
      message: { role: "assistant", content: null, ...message },
      logprobs: null,
      finish_reason: finish,
    }],
    usage: {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      ...usage,
    },
  };
}

/** An answer of messages. */
export function messagesAnswer(
  content: JsonObject[],
  stop: string = "end_turn",
  rest: JsonObject = {},
): JsonObject {
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content,
    stop_reason: stop,
    stop_sequence: null,
    usage: { input_tokens: 100, output_tokens: 50 },
    ...rest,
  };
}

/** An answer of responses. */
export function responsesAnswer(
  output: JsonObject[],
  rest: JsonObject = {},
): JsonObject {
  return {
    id: "resp_1",
    object: "response",
    created_at: 1_750_000_000,
    status: "completed",
    error: null,
    incomplete_details: null,
    model: "m",
    output,
    usage: {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 50,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 150,
    },
    ...rest,
  };
}

function message(...content: JsonObject[]): JsonObject {
  return {
    type: "message",
    id: "msg_1",
    role: "assistant",
    status: "completed",
    content,
  };
}

function text(value: string, annotations: JsonObject[] = []): JsonObject {
  return { type: "output_text", text: value, annotations };
}

const HELLO = {
  chat: { content: "Hello" },
  messages: [{ type: "text", text: "Hello" }],
  responses: [message(text("Hello"))],
};

/** Everything, in the order of the table. */
export const ANSWER_FEATURES: readonly AnswerFeature[] = [
  {
    name: "text",
    said: {
      chat: chatAnswer(HELLO.chat),
      messages: messagesAnswer(HELLO.messages),
      responses: responsesAnswer(HELLO.responses),
    },
    arrives: '"Hello"',
  },
  {
    name: "reasoning text",
    said: {
      chat: chatAnswer({ reasoning_content: "marker", content: "Hello" }),
      messages: messagesAnswer([
        { type: "thinking", thinking: "marker", signature: "c2ln" },
        ...HELLO.messages,
      ]),
      responses: responsesAnswer([{
        type: "reasoning",
        id: "rs_1",
        summary: [{ type: "summary_text", text: "marker" }],
      }, ...HELLO.responses]),
    },
    arrives: '"marker"',
  },
  {
    name: "proof of reasoning, to be sent back",
    said: {
      messages: messagesAnswer([
        { type: "thinking", thinking: "thought", signature: "c2lnbmF0dXJl" },
        ...HELLO.messages,
      ]),
      responses: responsesAnswer([{
        type: "reasoning",
        id: "rs_1",
        summary: [],
        encrypted_content: "c2lnbmF0dXJl",
      }, ...HELLO.responses]),
    },
    arrives: "c2lnbmF0dXJl",
  },
  {
    name: "hidden (redacted) reasoning",
    said: {
      messages: messagesAnswer([
        { type: "redacted_thinking", data: "aGlkZGVu" },
        ...HELLO.messages,
      ]),
    },
    arrives: "aGlkZGVu",
  },
  {
    name: "refusal",
    said: {
      chat: chatAnswer({ refusal: "marker" }),
      messages: messagesAnswer([{ type: "text", text: "marker" }], "refusal"),
      responses: responsesAnswer([
        message({ type: "refusal", refusal: "marker" }),
      ]),
    },
    arrives: '"marker"',
  },
  {
    name: "citation of a web page",
    said: {
      chat: chatAnswer({
        content: "Hello",
        annotations: [{
          type: "url_citation",
          url_citation: {
            start_index: 0,
            end_index: 5,
            url: "https://example.com/",
            title: "t",
          },
        }],
      }),
      messages: messagesAnswer([{
        type: "text",
        text: "Hello",
        citations: [{
          type: "web_search_result_location",
          url: "https://example.com/",
          title: "t",
          cited_text: "c",
          encrypted_index: "e",
        }],
      }]),
      responses: responsesAnswer([message(text("Hello", [{
        type: "url_citation",
        start_index: 0,
        end_index: 5,
        url: "https://example.com/",
        title: "t",
      }]))]),
    },
    arrives: '"url":"https://example.com/"',
  },
  {
    name: "citation of a document",
    said: {
      messages: messagesAnswer([{
        type: "text",
        text: "Hello",
        citations: [{
          type: "page_location",
          cited_text: "marker",
          document_index: 0,
          document_title: "d",
          file_id: null,
          start_page_number: 1,
          end_page_number: 2,
        }],
      }]),
    },
    arrives: '"marker"',
  },
  {
    name: "tool call",
    said: {
      chat: chatAnswer({
        tool_calls: [{
          id: "call_1",
          type: "function",
          function: { name: "f", arguments: '{"a":"marker"}' },
        }],
      }, "tool_calls"),
      messages: messagesAnswer([{
        type: "tool_use",
        id: "call_1",
        name: "f",
        input: { a: "marker" },
      }], "tool_use"),
      responses: responsesAnswer([{
        type: "function_call",
        id: "fc_1",
        call_id: "call_1",
        name: "f",
        arguments: '{"a":"marker"}',
        status: "completed",
      }]),
    },
    arrives: { chat: "marker", messages: '"a":"marker"', responses: "marker" },
  },
  {
    name: "custom tool call",
    said: {
      chat: chatAnswer({
        tool_calls: [{
          id: "call_1",
          type: "custom",
          custom: { name: "f", input: "marker" },
        }],
      }, "tool_calls"),
      responses: responsesAnswer([{
        type: "custom_tool_call",
        id: "ctc_1",
        call_id: "call_1",
        name: "f",
        input: "marker",
      }]),
    },
    arrives: '"input":"marker"',
  },
  {
    name: "calls of hosted tools",
    said: {
      messages: messagesAnswer([
        {
          type: "server_tool_use",
          id: "srvtoolu_1",
          name: "web_search",
          input: { query: "marker" },
        },
        {
          type: "web_search_tool_result",
          tool_use_id: "srvtoolu_1",
          content: [],
        },
        ...HELLO.messages,
      ]),
      responses: responsesAnswer([{
        type: "web_search_call",
        id: "ws_1",
        status: "completed",
        action: { type: "search", query: "marker" },
      }, ...HELLO.responses]),
    },
    arrives: "marker",
  },
  {
    name: "log probabilities",
    said: {
      chat: (() => {
        const answer = chatAnswer(HELLO.chat);
        const [choice] = answer.choices as JsonObject[];
        return {
          ...answer,
          choices: [{
            ...choice,
            logprobs: {
              content: [{
                token: "Hello",
                logprob: -0.125,
                bytes: null,
                top_logprobs: [],
              }],
              refusal: null,
            },
          }],
        };
      })(),
      responses: responsesAnswer([message({
        type: "output_text",
        text: "Hello",
        annotations: [],
        logprobs: [{
          token: "Hello",
          logprob: -0.125,
          bytes: [],
          top_logprobs: [],
        }],
      })]),
    },
    arrives: "-0.125",
  },
  {
    name: "stop: end of turn",
    said: {
      chat: chatAnswer(HELLO.chat),
      messages: messagesAnswer(HELLO.messages),
      responses: responsesAnswer(HELLO.responses),
    },
    arrives: {
      chat: '"finish_reason":"stop"',
      messages: '"stop_reason":"end_turn"',
      responses: '"status":"completed"',
    },
  },
  {
    name: "stop: output limit",
    said: {
      chat: chatAnswer(HELLO.chat, "length"),
      messages: messagesAnswer(HELLO.messages, "max_tokens"),
      responses: responsesAnswer(HELLO.responses, {
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
      }),
    },
    arrives: {
      chat: '"finish_reason":"length"',
      messages: '"stop_reason":"max_tokens"',
      responses: '"reason":"max_output_tokens"',
    },
  },
  {
    name: "stop: tool calls",
    said: {
      chat: chatAnswer({
        tool_calls: [{
          id: "call_1",
          type: "function",
          function: { name: "f", arguments: "{}" },
        }],
      }, "tool_calls"),
      messages: messagesAnswer([{
        type: "tool_use",
        id: "call_1",
        name: "f",
        input: {},
      }], "tool_use"),
      responses: responsesAnswer([{
        type: "function_call",
        id: "fc_1",
        call_id: "call_1",
        name: "f",
        arguments: "{}",
        status: "completed",
      }]),
    },
    arrives: {
      chat: '"finish_reason":"tool_calls"',
      messages: '"stop_reason":"tool_use"',
      responses: '"status":"completed"',
    },
  },
  {
    name: "stop: filter",
    said: {
      chat: chatAnswer(HELLO.chat, "content_filter"),
      messages: messagesAnswer([], "refusal"),
      responses: responsesAnswer([], {
        status: "incomplete",
        incomplete_details: { reason: "content_filter" },
      }),
    },
    arrives: {
      chat: '"finish_reason":"content_filter"',
      messages: '"stop_reason":"refusal"',
      responses: '"reason":"content_filter"',
    },
  },
  {
    name: "stop: sequence, and which",
    said: {
      messages: messagesAnswer(HELLO.messages, "stop_sequence", {
        stop_sequence: "marker",
      }),
    },
    arrives: '"marker"',
  },
  {
    name: "stop: pause of a hosted tool",
    said: { messages: messagesAnswer(HELLO.messages, "pause_turn") },
    arrives: '"pause_turn"',
  },
  {
    name: "usage",
    said: {
      chat: chatAnswer(HELLO.chat),
      messages: messagesAnswer(HELLO.messages),
      responses: responsesAnswer(HELLO.responses),
    },
    arrives: {
      chat: '"prompt_tokens":100,"completion_tokens":50,"total_tokens":150',
      messages: '"input_tokens":100',
      responses: '"total_tokens":150',
    },
  },
  {
    name: "usage: cache reads",
    said: {
      chat: chatAnswer(HELLO.chat, "stop", {
        prompt_tokens_details: { cached_tokens: 33 },
      }),
      messages: messagesAnswer(HELLO.messages, "end_turn", {
        usage: {
          input_tokens: 67,
          cache_read_input_tokens: 33,
          output_tokens: 50,
        },
      }),
      responses: responsesAnswer(HELLO.responses, {
        usage: {
          input_tokens: 100,
          input_tokens_details: { cached_tokens: 33 },
          output_tokens: 50,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 150,
        },
      }),
    },
    arrives: {
      chat: '"cached_tokens":33',
      messages: '"cache_read_input_tokens":33',
      responses: '"cached_tokens":33',
    },
  },
  {
    name: "usage: cache writes",
    said: {
      chat: chatAnswer(HELLO.chat, "stop", {
        prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 44 },
      }),
      messages: messagesAnswer(HELLO.messages, "end_turn", {
        usage: {
          input_tokens: 56,
          cache_creation_input_tokens: 44,
          output_tokens: 50,
        },
      }),
      responses: responsesAnswer(HELLO.responses, {
        usage: {
          input_tokens: 100,
          input_tokens_details: { cached_tokens: 0, cache_write_tokens: 44 },
          output_tokens: 50,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 150,
        },
      }),
    },
    arrives: {
      chat: '"cache_write_tokens":44',
      messages: '"cache_creation_input_tokens":44',
      responses: '"cache_write_tokens":44',
    },
  },
  {
    name: "usage: reasoning",
    said: {
      chat: chatAnswer(HELLO.chat, "stop", {
        completion_tokens_details: { reasoning_tokens: 22 },
      }),
      messages: messagesAnswer(HELLO.messages, "end_turn", {
        usage: {
          input_tokens: 100,
          output_tokens: 50,
          output_tokens_details: { thinking_tokens: 22 },
        },
      }),
      responses: responsesAnswer(HELLO.responses, {
        usage: {
          input_tokens: 100,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: 50,
          output_tokens_details: { reasoning_tokens: 22 },
          total_tokens: 150,
        },
      }),
    },
    arrives: {
      chat: '"reasoning_tokens":22',
      messages: '"thinking_tokens":22',
      responses: '"reasoning_tokens":22',
    },
  },
  {
    name: "service tier served",
    said: {
      chat: { ...chatAnswer(HELLO.chat), service_tier: "priority" },
      messages: messagesAnswer(HELLO.messages, "end_turn", {
        usage: {
          input_tokens: 100,
          output_tokens: 50,
          service_tier: "priority",
        },
      }),
      responses: responsesAnswer(HELLO.responses, { service_tier: "priority" }),
    },
    arrives: '"service_tier":"priority"',
  },
  {
    name: "model",
    said: {
      chat: { ...chatAnswer(HELLO.chat), model: "marker" },
      messages: { ...messagesAnswer(HELLO.messages), model: "marker" },
      responses: { ...responsesAnswer(HELLO.responses), model: "marker" },
    },
    arrives: '"model":"marker"',
  },
];
