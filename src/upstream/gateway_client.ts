/** Asks a running gateway over its HTTP API: what the command line needs of one. @module */

import { Client } from "undici";

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
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const json = body === undefined ? null : JSON.stringify(body);
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
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  } catch (error) {
    const code = error instanceof Error ? Reflect.get(error, "code") : null;
    throw new Error(
      `Cannot ask ${new URL(url).origin}: ${
        code ?? "nobody answers"
      }; give the address of a running gateway`,
      { cause: error },
    );
  } finally {
    await client.destroy();
  }
}
