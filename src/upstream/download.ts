/** Fetches a small document, such as a price list: capped, timed, never redirected. @module */

/** How a document is fetched. */
export interface DownloadOptions {
  /** Most bytes of the document. */
  readonly maxBytes: number;
  /** Time for all of it, in ms. */
  readonly timeoutMs: number;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/** A document that could not be fetched. */
export class DownloadError extends Error {
  /** Name of the class of errors. */
  override name = "DownloadError";
}

/** The address without what may be secret in it. */
function spelled(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function checkedUrl(address: string): URL {
  if (!URL.canParse(address)) {
    throw new DownloadError(
      `Cannot download ${address}: it is no URL, use https://host/path`,
    );
  }
  const url = new URL(address);
  const local = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (url.protocol === "https:" || (url.protocol === "http:" && local)) {
    return url;
  }
  throw new DownloadError(
    `Cannot download ${spelled(url)}: its scheme is ${url.protocol} use https`,
  );
}

/**
 * Downloads a text.
 *
 * @throws {DownloadError} when it is refused, too long or too late.
 */
export async function download(
  address: string,
  options: DownloadOptions,
): Promise<string> {
  const url = checkedUrl(address);
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined
    ? timeout
    : AbortSignal.any([timeout, options.signal]);
  try {
    const response = await fetch(url, {
      redirect: "manual",
      headers: { accept: "application/json" },
      signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new DownloadError(
        `Cannot download ${spelled(url)}: its status is ${response.status}`,
      );
    }
    return await readCapped(response, url, options.maxBytes);
  } catch (error) {
    if (error instanceof DownloadError) throw error;
    const why = timeout.aborted
      ? `it took longer than ${options.timeoutMs} ms`
      : "the connection failed";
    throw new DownloadError(
      `Cannot download ${
        spelled(url)
      }: ${why}; try again later, or get the file by other means`,
      { cause: error },
    );
  }
}

async function readCapped(
  response: Response,
  url: URL,
  maxBytes: number,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new DownloadError(
        `Cannot download ${spelled(url)}: it is longer than ${maxBytes} bytes`,
      );
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
