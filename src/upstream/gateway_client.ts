/** Asks a running gateway over its HTTP API: what the command line needs of one. @module */

import "./load_undici.ts";
import { Client } from "undici";
import { makeConnector } from "./connector.ts";

/** One question to a gateway. */
export interface GatewayQuestion {
  /** Its address, such as `http://127.0.0.1:3456`. */
  readonly url: string;
  /** Path of the API. */
  readonly path: string;
  /** Sent as JSON by POST; absent: a GET. */
  readonly body?: unknown;
  /** The admin token, `null` on loopback without one. */
  readonly token: string | null;
  /** Longest wait in ms. @default {10000} */
  readonly timeoutMs?: number;
}

/** What a gateway answered. */
export interface GatewayAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** The body. */
  readonly text: string;
}

/**
 * Asks once; redirects are not followed.
 *
 * @throws {Error} when nobody answers in time
 */
export async function askGateway(
  question: GatewayQuestion,
): Promise<GatewayAnswer> {
  const { url, path, body, token, timeoutMs = 10_000 } = question;
  const client = new Client(new URL(url).origin, {
    connect: makeConnector(timeoutMs, {}),
    // One deadline for all of it, below.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const json = body === undefined ? null : JSON.stringify(body);
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    const answer = await client.request({
      method: json === null ? "GET" : "POST",
      path,
      headers: {
        accept: "application/json",
        ...(json === null ? {} : { "content-type": "application/json" }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: json,
      signal: deadline.signal,
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  } catch (error) {
    const why = deadline.signal.aborted
      ? `it did not answer within ${timeoutMs} ms`
      : "nobody answers";
    throw new Error(
      `Cannot ask ${
        new URL(url).origin
      }: ${why}; give the address of a running gateway`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
    await client.destroy();
  }
}
