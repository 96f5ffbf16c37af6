/**
 * One probe for each thing that a request can say: how each client says it,
 * and how it must stand in the body for each provider if nothing was lost.
 *
 * @module
 */

import type { ProtocolName } from "../../src/exchange/names.ts";
import type { JsonObject } from "../../src/support/json.ts";

/** A thing that a request can say. */
export interface RequestFeature {
  /** Its name in the table. */
  readonly name: string;
  /** The fields that say it, for each client that can. */
  readonly said: { readonly [P in ProtocolName]?: JsonObject };
  /** Text that stands in the body where it arrived whole. */
  readonly arrives: string | { readonly [P in ProtocolName]?: string };
  /** Asked of models that think. */
  readonly thinks?: boolean;
}

const user = (content: JsonObject[] | string): JsonObject => ({
  messages: [{ role: "user", content }],
});
const input = (content: JsonObject[] | string): JsonObject => ({
  input: [{ role: "user", content }],
});
const PARAMETERS = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const CHAT_TOOL = {
  type: "function",
  function: { name: "look_up", parameters: PARAMETERS },
};
const MESSAGES_TOOL = { name: "look_up", input_schema: PARAMETERS };
const RESPONSES_TOOL = {
  type: "function",
  name: "look_up",
  parameters: PARAMETERS,
  strict: false,
};

/** Tools with one of the fields around them. */
function tools(
  chat: JsonObject | null,
  messages: JsonObject | null,
  responses: JsonObject | null,
): RequestFeature["said"] {
  return {
    ...(chat && { chat: { tools: [CHAT_TOOL], ...chat } }),
    ...(messages && { messages: { tools: [MESSAGES_TOOL], ...messages } }),
    ...(responses && { responses: { tools: [RESPONSES_TOOL], ...responses } }),
  };
}

/** A call and its result. */
function result(
  chat: JsonObject | null,
  messages: JsonObject | null,
  responses: JsonObject | null,
): RequestFeature["said"] {
  const ask = { role: "user", content: "hi" };
  return tools(
    chat && {
      messages: [ask, {
        role: "assistant",
        content: null,
        tool_calls: [{
          id: "call_1",
          type: "function",
          function: { name: "look_up", arguments: '{"city":"Rome"}' },
        }],
      }, { role: "tool", tool_call_id: "call_1", ...chat }],
    },
    messages && {
      messages: [ask, {
        role: "assistant",
        content: [{
          type: "tool_use",
          id: "call_1",
          name: "look_up",
          input: { city: "Rome" },
        }],
      }, {
        role: "user",
        content: [{
          type: "tool_result",
          tool_use_id: "call_1",
          ...messages,
        }],
      }],
    },
    responses && {
      input: [ask, {
        type: "function_call",
        call_id: "call_1",
        name: "look_up",
        arguments: '{"city":"Rome"}',
      }, { type: "function_call_output", call_id: "call_1", ...responses }],
    },
  );
}

const PNG = "iVBORw0KGgo=";
const PDF = "JVBERi0xLjcK";
const SCHEMA = {
  type: "object",
  properties: { answer: { type: "string" } },
  required: ["answer"],
  additionalProperties: false,
};

/** Everything, in the order of the table. */
export const REQUEST_FEATURES: readonly RequestFeature[] = [
  {
    name: "text",
    said: {
      chat: user("marker"),
      messages: user("marker"),
      responses: input("marker"),
    },
    arrives: '"marker"',
  },
  {
    name: "system instructions",
    said: {
      chat: {
        messages: [{ role: "system", content: "marker" }, {
          role: "user",
          content: "hi",
        }],
      },
      messages: { system: "marker", ...user("hi") },
      responses: { instructions: "marker", ...input("hi") },
    },
    arrives: '"marker"',
  },
  {
    name: "developer message amid the conversation",
    said: {
      chat: {
        messages: [{ role: "user", content: "hi" }, {
          role: "developer",
          content: "marker",
        }, { role: "user", content: "go on" }],
      },
      messages: {
        messages: [{ role: "user", content: "hi" }, {
          role: "system",
          content: "marker",
        }, { role: "user", content: "go on" }],
      },
      responses: {
        input: [{ role: "user", content: "hi" }, {
          role: "developer",
          content: "marker",
        }, { role: "user", content: "go on" }],
      },
    },
    arrives: "marker",
  },
  {
    name: "name of a participant",
    said: {
      chat: { messages: [{ role: "user", name: "marker", content: "hi" }] },
    },
    arrives: '"name":"marker"',
  },
  {
    name: "image by URL",
    said: {
      chat: user([{
        type: "image_url",
        image_url: { url: "https://example.com/a.png" },
      }]),
      messages: user([{
        type: "image",
        source: { type: "url", url: "https://example.com/a.png" },
      }]),
      responses: input([{
        type: "input_image",
        image_url: "https://example.com/a.png",
        detail: "auto",
      }]),
    },
    arrives: "https://example.com/a.png",
  },
  {
    name: "image as base64",
    said: {
      chat: user([{
        type: "image_url",
        image_url: { url: `data:image/png;base64,${PNG}` },
      }]),
      messages: user([{
        type: "image",
        source: { type: "base64", media_type: "image/png", data: PNG },
      }]),
      responses: input([{
        type: "input_image",
        image_url: `data:image/png;base64,${PNG}`,
        detail: "auto",
      }]),
    },
    arrives: {
      chat: `data:image/png;base64,${PNG}`,
      messages: `"media_type":"image/png","data":"${PNG}"`,
      responses: `data:image/png;base64,${PNG}`,
    },
  },
  {
    name: "image detail",
    said: {
      chat: user([{
        type: "image_url",
        image_url: { url: "https://example.com/a.png", detail: "high" },
      }]),
      responses: input([{
        type: "input_image",
        image_url: "https://example.com/a.png",
        detail: "high",
      }]),
    },
    arrives: '"detail":"high"',
  },
  {
    name: "PDF as base64",
    said: {
      chat: user([{
        type: "file",
        file: {
          file_data: `data:application/pdf;base64,${PDF}`,
          filename: "a.pdf",
        },
      }]),
      messages: user([{
        type: "document",
        title: "a.pdf",
        source: { type: "base64", media_type: "application/pdf", data: PDF },
      }]),
      responses: input([{
        type: "input_file",
        file_data: `data:application/pdf;base64,${PDF}`,
        filename: "a.pdf",
      }]),
    },
    arrives: {
      chat: `data:application/pdf;base64,${PDF}`,
      messages: `"data":"${PDF}"`,
      responses: `data:application/pdf;base64,${PDF}`,
    },
  },
  {
    name: "document by URL",
    said: {
      messages: user([{
        type: "document",
        source: { type: "url", url: "https://example.com/a.pdf" },
      }]),
      responses: input([{
        type: "input_file",
        file_url: "https://example.com/a.pdf",
      }]),
    },
    arrives: "https://example.com/a.pdf",
  },
  {
    name: "document of plain text",
    said: {
      messages: user([{
        type: "document",
        source: { type: "text", media_type: "text/plain", data: "marker" },
      }]),
    },
    arrives: "marker",
  },
  {
    name: "document with citations wanted",
    said: {
      messages: user([{
        type: "document",
        source: { type: "text", media_type: "text/plain", data: "words" },
        citations: { enabled: true },
      }]),
    },
    arrives: '"citations":{"enabled":true}',
  },
  {
    name: "search result",
    said: {
      messages: user([{
        type: "search_result",
        source: "https://example.com/",
        title: "Title",
        content: [{ type: "text", text: "marker" }],
      }]),
    },
    arrives: "marker",
  },
  {
    name: "file by id",
    said: {
      chat: user([{ type: "file", file: { file_id: "file-1" } }]),
      messages: user([{
        type: "document",
        source: { type: "file", file_id: "file-1" },
      }]),
      responses: input([{ type: "input_file", file_id: "file-1" }]),
    },
    arrives: "file-1",
  },
  {
    name: "audio input",
    said: {
      chat: user([{
        type: "input_audio",
        input_audio: { data: "UklGRg==", format: "wav" },
      }]),
    },
    arrives: "UklGRg==",
  },
  {
    name: "audio output",
    said: {
      chat: {
        modalities: ["text", "audio"],
        audio: { voice: "alloy", format: "wav" },
      },
    },
    arrives: '"modalities"',
  },
  {
    name: "tools",
    said: tools({}, {}, {}),
    arrives: '"look_up"',
  },
  {
    name: "strict tool",
    said: {
      chat: {
        tools: [{
          type: "function",
          function: { name: "f", parameters: PARAMETERS, strict: true },
        }],
      },
      messages: {
        tools: [{ name: "f", input_schema: PARAMETERS, strict: true }],
      },
      responses: {
        tools: [{
          type: "function",
          name: "f",
          parameters: PARAMETERS,
          strict: true,
        }],
      },
    },
    arrives: '"strict":true',
  },
  {
    name: "tool choice auto",
    said: tools(
      { tool_choice: "auto" },
      { tool_choice: { type: "auto" } },
      { tool_choice: "auto" },
    ),
    arrives: '"tool_choice"',
  },
  {
    name: "tool choice required",
    said: tools(
      { tool_choice: "required" },
      { tool_choice: { type: "any" } },
      { tool_choice: "required" },
    ),
    arrives: {
      chat: '"tool_choice":"required"',
      messages: '"tool_choice":{"type":"any"}',
      responses: '"tool_choice":"required"',
    },
  },
  {
    name: "tool choice none",
    said: tools(
      { tool_choice: "none" },
      { tool_choice: { type: "none" } },
      { tool_choice: "none" },
    ),
    arrives: {
      chat: '"tool_choice":"none"',
      messages: '"tool_choice":{"type":"none"}',
      responses: '"tool_choice":"none"',
    },
  },
  {
    name: "tool choice of one tool",
    said: tools(
      { tool_choice: { type: "function", function: { name: "look_up" } } },
      { tool_choice: { type: "tool", name: "look_up" } },
      { tool_choice: { type: "function", name: "look_up" } },
    ),
    arrives: {
      chat: '"tool_choice":{"type":"function","function":{"name":"look_up"}}',
      messages: '"tool_choice":{"type":"tool","name":"look_up"}',
      responses: '"tool_choice":{"type":"function","name":"look_up"}',
    },
  },
  {
    name: "subset of allowed tools",
    said: tools(
      {
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: {
            mode: "required",
            tools: [{ type: "function", function: { name: "look_up" } }],
          },
        },
      },
      null,
      {
        tool_choice: {
          type: "allowed_tools",
          mode: "required",
          tools: [{ type: "function", name: "look_up" }],
        },
      },
    ),
    arrives: {
      chat: '"allowed_tools"',
      messages: '"tool_choice":{"type":"any"}',
      responses: '"allowed_tools"',
    },
  },
  {
    name: "one call at a time",
    said: tools(
      { parallel_tool_calls: false },
      { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
      { parallel_tool_calls: false },
    ),
    arrives: {
      chat: '"parallel_tool_calls":false',
      messages: '"disable_parallel_tool_use":true',
      responses: '"parallel_tool_calls":false',
    },
  },
  {
    name: "tool result",
    said: result(
      { content: "marker" },
      { content: "marker" },
      { output: "marker" },
    ),
    arrives: '"marker"',
  },
  {
    name: "tool result with an image",
    said: result(
      null,
      {
        content: [{
          type: "image",
          source: { type: "base64", media_type: "image/png", data: PNG },
        }],
      },
      {
        output: [{
          type: "input_image",
          image_url: `data:image/png;base64,${PNG}`,
          detail: "auto",
        }],
      },
    ),
    arrives: PNG,
  },
  {
    name: "tool result that is an error",
    said: result(null, { content: "marker", is_error: true }, null),
    arrives: {
      chat: "Error: marker",
      messages: '"is_error":true',
      responses: "Error: marker",
    },
  },
  {
    name: "custom tool",
    said: {
      chat: { tools: [{ type: "custom", custom: { name: "patch" } }] },
      responses: { tools: [{ type: "custom", name: "patch" }] },
    },
    arrives: '"patch"',
  },
  {
    name: "hosted tool",
    said: {
      chat: { web_search_options: {} },
      messages: {
        tools: [{ type: "web_search_20250305", name: "web_search" }],
      },
      responses: { tools: [{ type: "web_search" }] },
    },
    arrives: "web_search",
  },
  {
    name: "structured output by schema",
    said: {
      chat: {
        response_format: {
          type: "json_schema",
          json_schema: { name: "answer", schema: SCHEMA },
        },
      },
      messages: {
        output_config: { format: { type: "json_schema", schema: SCHEMA } },
      },
      responses: {
        text: {
          format: { type: "json_schema", name: "answer", schema: SCHEMA },
        },
      },
    },
    arrives: JSON.stringify(SCHEMA),
  },
  {
    name: "JSON mode",
    said: {
      chat: { response_format: { type: "json_object" } },
      responses: { text: { format: { type: "json_object" } } },
    },
    arrives: "json_object",
  },
  {
    name: "output limit",
    said: {
      chat: { max_tokens: 100 },
      messages: { max_tokens: 100 },
      responses: { max_output_tokens: 100 },
    },
    arrives: ":100",
  },
  {
    name: "stop sequences",
    said: { chat: { stop: "END" }, messages: { stop_sequences: ["END"] } },
    arrives: '"END"',
  },
  {
    name: "temperature",
    said: {
      chat: { temperature: 0.3 },
      messages: { temperature: 0.3 },
      responses: { temperature: 0.3 },
    },
    arrives: '"temperature":0.3',
  },
  {
    name: "temperature above 1",
    said: { chat: { temperature: 1.3 }, responses: { temperature: 1.3 } },
    arrives: '"temperature":1.3',
  },
  {
    name: "top_p",
    said: {
      chat: { top_p: 0.4 },
      messages: { top_p: 0.4 },
      responses: { top_p: 0.4 },
    },
    arrives: '"top_p":0.4',
  },
  {
    name: "top_k",
    said: { messages: { top_k: 7 } },
    arrives: '"top_k":7',
  },
  { name: "seed", said: { chat: { seed: 7 } }, arrives: '"seed":7' },
  {
    name: "penalties",
    said: { chat: { frequency_penalty: 0.5 } },
    arrives: '"frequency_penalty":0.5',
  },
  {
    name: "logit bias",
    said: { chat: { logit_bias: { "1": 5 } } },
    arrives: '"logit_bias"',
  },
  { name: "several choices (n)", said: { chat: { n: 2 } }, arrives: '"n":2' },
  {
    name: "log probabilities",
    said: {
      chat: { logprobs: true, top_logprobs: 2 },
      responses: {
        include: ["message.output_text.logprobs"],
        top_logprobs: 2,
      },
    },
    arrives: '"top_logprobs":2',
  },
  {
    name: "reasoning effort",
    said: {
      chat: { reasoning_effort: "high" },
      messages: {
        thinking: { type: "adaptive" },
        output_config: { effort: "high" },
      },
      responses: { reasoning: { effort: "high" } },
    },
    arrives: '"high"',
    thinks: true,
  },
  {
    name: "thinking budget",
    said: {
      messages: {
        max_tokens: 9000,
        thinking: { type: "enabled", budget_tokens: 4000 },
      },
    },
    arrives: {
      chat: '"reasoning_effort":"medium"',
      messages: '"budget_tokens":4000',
      responses: '"effort":"medium"',
    },
    thinks: true,
  },
  {
    name: "thinking off",
    said: {
      chat: { reasoning_effort: "none" },
      messages: { thinking: { type: "disabled" } },
      responses: { reasoning: { effort: "none" } },
    },
    arrives: {
      chat: '"reasoning_effort"',
      messages: '"disabled"',
      responses: '"none"',
    },
    thinks: true,
  },
  {
    name: "reasoning summary wanted",
    said: {
      messages: { thinking: { type: "adaptive", display: "summarized" } },
      responses: { reasoning: { summary: "auto" } },
    },
    arrives: {
      messages: '"display":"summarized"',
      responses: '"summary":"auto"',
    },
    thinks: true,
  },
  {
    name: "reasoning of another provider sent back",
    said: {
      chat: {
        messages: [{ role: "user", content: "hi" }, {
          role: "assistant",
          content: "Hello",
          reasoning_content: "marker",
        }, { role: "user", content: "go on" }],
      },
      messages: {
        messages: [{ role: "user", content: "hi" }, {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "marker", signature: "c2ln" },
            { type: "text", text: "Hello" },
          ],
        }, { role: "user", content: "go on" }],
      },
      responses: {
        input: [
          { role: "user", content: "hi" },
          {
            type: "reasoning",
            id: "rs_1",
            summary: [{ type: "summary_text", text: "marker" }],
            encrypted_content: "Z0FB",
          },
          { role: "assistant", content: "Hello" },
          {
            role: "user",
            content: "go on",
          },
        ],
      },
    },
    arrives: "marker",
    thinks: true,
  },
  {
    name: "refusal in the history",
    said: {
      chat: {
        messages: [{ role: "user", content: "hi" }, {
          role: "assistant",
          content: null,
          refusal: "marker",
        }, { role: "user", content: "go on" }],
      },
      responses: {
        input: [{ role: "user", content: "hi" }, {
          type: "message",
          id: "msg_1",
          role: "assistant",
          status: "completed",
          content: [{ type: "refusal", refusal: "marker" }],
        }, { role: "user", content: "go on" }],
      },
    },
    arrives: "marker",
  },
  {
    name: "citations in the history",
    said: {
      messages: {
        messages: [{ role: "user", content: "hi" }, {
          role: "assistant",
          content: [{
            type: "text",
            text: "Hello",
            citations: [{
              type: "web_search_result_location",
              url: "https://example.com/",
              title: "t",
              cited_text: "c",
              encrypted_index: "e",
            }],
          }],
        }, { role: "user", content: "go on" }],
      },
      responses: {
        input: [{ role: "user", content: "hi" }, {
          type: "message",
          id: "msg_1",
          role: "assistant",
          status: "completed",
          content: [{
            type: "output_text",
            text: "Hello",
            annotations: [{
              type: "url_citation",
              url: "https://example.com/",
              title: "t",
              start_index: 0,
              end_index: 5,
            }],
          }],
        }, { role: "user", content: "go on" }],
      },
    },
    arrives: "https://example.com/",
  },
  {
    name: "hosted calls in the history",
    said: {
      messages: {
        messages: [{ role: "user", content: "hi" }, {
          role: "assistant",
          content: [{
            type: "server_tool_use",
            id: "srvtoolu_1",
            name: "web_search",
            input: { query: "marker" },
          }, {
            type: "web_search_tool_result",
            tool_use_id: "srvtoolu_1",
            content: [],
          }],
        }, { role: "user", content: "go on" }],
      },
      responses: {
        input: [{ role: "user", content: "hi" }, {
          type: "web_search_call",
          id: "ws_1",
          status: "completed",
          action: { type: "search", query: "marker" },
        }, { role: "user", content: "go on" }],
      },
    },
    arrives: "marker",
  },
  {
    name: "end user",
    said: {
      chat: { user: "marker" },
      messages: { metadata: { user_id: "marker" } },
      responses: { user: "marker" },
    },
    arrives: '"marker"',
  },
  {
    name: "metadata",
    said: {
      chat: { metadata: { team: "marker" }, store: true },
      responses: { metadata: { team: "marker" } },
    },
    arrives: '"metadata":{"team":"marker"}',
  },
  {
    name: "service tier of low cost",
    said: {
      chat: { service_tier: "flex" },
      responses: { service_tier: "flex" },
    },
    arrives: '"service_tier":"flex"',
  },
  {
    name: "service tier standard",
    said: {
      chat: { service_tier: "default" },
      messages: { service_tier: "standard_only" },
      responses: { service_tier: "default" },
    },
    arrives: {
      chat: '"service_tier":"default"',
      messages: '"service_tier":"standard_only"',
      responses: '"service_tier":"default"',
    },
  },
  {
    name: "cache hints",
    said: {
      chat: user([{
        type: "text",
        text: "hi",
        cache_control: { type: "ephemeral" },
      }]),
      messages: user([{
        type: "text",
        text: "hi",
        cache_control: { type: "ephemeral" },
      }]),
    },
    arrives: '"cache_control"',
  },
  {
    name: "prompt cache key",
    said: {
      chat: { prompt_cache_key: "marker" },
      responses: { prompt_cache_key: "marker" },
    },
    arrives: '"prompt_cache_key":"marker"',
  },
  {
    name: "verbosity",
    said: {
      chat: { verbosity: "low" },
      responses: { text: { verbosity: "low" } },
    },
    arrives: '"verbosity":"low"',
  },
  {
    name: "prediction",
    said: { chat: { prediction: { type: "content", content: "marker" } } },
    arrives: "marker",
  },
  {
    name: "previous_response_id",
    said: { responses: { previous_response_id: "resp_1" } },
    arrives: "resp_1",
  },
  {
    name: "conversation",
    said: { responses: { conversation: "conv_1" } },
    arrives: "conv_1",
  },
  {
    name: "stored prompt",
    said: { responses: { prompt: { id: "pmpt_1" } } },
    arrives: "pmpt_1",
  },
  {
    name: "item reference",
    said: {
      responses: {
        input: [{ type: "item_reference", id: "msg_1" }, {
          role: "user",
          content: "hi",
        }],
      },
    },
    arrives: "msg_1",
  },
  {
    name: "background",
    said: { responses: { background: true } },
    arrives: '"background":true',
  },
  {
    name: "truncation",
    said: { responses: { truncation: "auto" } },
    arrives: '"truncation":"auto"',
  },
  {
    name: "container",
    said: { messages: { container: "container_1" } },
    arrives: "container_1",
  },
  {
    name: "MCP servers",
    said: {
      messages: {
        mcp_servers: [{
          type: "url",
          url: "https://example.com/mcp",
          name: "m",
        }],
      },
      responses: {
        tools: [{
          type: "mcp",
          server_label: "m",
          server_url: "https://example.com/mcp",
        }],
      },
    },
    arrives: "https://example.com/mcp",
  },
  {
    name: "context management",
    said: {
      messages: {
        context_management: {
          edits: [{ type: "clear_tool_uses_20250919" }],
        },
      },
      responses: { context_management: [{ type: "compaction" }] },
    },
    arrives: "context_management",
  },
];
