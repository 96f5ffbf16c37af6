/** JSON in and out of the admin routes. @module */

import type { z } from "zod";
import { formatPath, formatValue } from "../config/problem.ts";
import { schemaProblems } from "../config/schema_problems.ts";
import type { ClientRequest, ClientResponse } from "../exchange/client.ts";
import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import { isJsonObject } from "../support/json.ts";
import { decodeUtf8 } from "../support/utf8.ts";

const HEADERS: readonly string[] = [
  "content-type",
  "application/json",
  "cache-control",
  "no-store",
];

/** Answers with JSON that nobody keeps. */
export function sendJson(
  response: ClientResponse,
  status: number,
  body: unknown,
): void {
  response.send(status, HEADERS, JSON.stringify(body));
}

/**
 * Reads a body by a schema; an absent one is an empty object.
 *
 * @throws {RequestError} 400 that names the field and what is expected
 */
export function readBody<T>(request: ClientRequest, schema: z.ZodType<T>): T {
  const text = decodeUtf8(request.body);
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw new RequestError(gatewayError(
      "invalid_request",
      "Cannot read the body: it is not valid JSON",
    ));
  }
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const { path, words } = problemOf(parsed.error);
  throw new RequestError(gatewayError(
    "invalid_request",
    `Cannot take the body: ${path === "" ? "" : `${path}: `}${words}`,
    { param: path === "" ? null : path },
  ));
}

/** Says the first thing that is wrong as the checks of the config would. */
function problemOf({ issues }: z.ZodError): { path: string; words: string } {
  const [issue] = issues;
  if (issue === undefined) return { path: "", words: "it has another shape" };
  if (issue.code === "unrecognized_keys") {
    const path = formatPath([...issue.path.map(String), issue.keys[0] ?? ""]);
    return { path, words: "the key is unknown: remove it" };
  }
  const [found] = schemaProblems([issue], () => formatValue(issue.input));
  return found === undefined
    ? { path: "", words: issue.message }
    : { path: formatPath(found.path), words: `${found.problem}: ${found.fix}` };
}

/** Names the fields of an object in camelCase, where they came in snake_case; `renamed` gives some another name. */
export function camelKeys(
  value: unknown,
  renamed: Readonly<Record<string, string>> = {},
): unknown {
  if (!isJsonObject(value)) return value;
  const names = new Map(Object.entries(renamed));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const camel = key.replace(
        /_([a-z])/g,
        (_match, letter: string) => letter.toUpperCase(),
      );
      return [names.get(camel) ?? camel, item];
    }),
  );
}
