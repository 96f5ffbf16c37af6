/**
 * The headers of a request that the listener itself acts on, read in one pass
 * over the raw list, so that repeated headers cannot hide.
 *
 * @module
 */

/** The headers that decide about a request before any handler sees it. */
export class RequestHead {
  /** Header lines that were sent. */
  readonly count: number;
  /** `host`, `null` if absent. */
  host: string | null = null;
  /** `host` came more than once. */
  hostRepeated = false;
  /** `authorization`, `null` if absent or empty. */
  authorization: string | null = null;
  /** `x-api-key`, `null` if absent or empty. */
  apiKey: string | null = null;
  /** A credential header came more than once. */
  credentialRepeated = false;
  /** `content-length`, -1 if absent or no number. */
  contentLength: number = -1;
  /** `transfer-encoding` in lower case, `null` if absent. */
  transferEncoding: string | null = null;
  /** `content-type`, `null` if absent. */
  contentType: string | null = null;
  /** `content-encoding`, `null` if absent. */
  contentEncoding: string | null = null;
  /** `x-request-id`, `null` if absent. */
  requestId: string | null = null;
  /** All `x-forwarded-for`, joined in order, `null` if absent. */
  forwardedFor: string | null = null;
  /** A header only proxies add (`forwarded`, `via`, `x-forwarded-for`) is there. */
  forwarded = false;
  /** `sec-fetch-site`, `null` if absent. */
  fetchSite: string | null = null;
  /** Whether there is an `origin`: browsers send it with every write. */
  hasOrigin = false;
  /** `idempotency-key`, `null` if absent. */
  idempotencyKey: string | null = null;

  /** Reads an alternating list of names and values. */
  constructor(rawHeaders: readonly string[]) {
    this.count = rawHeaders.length >> 1;
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] ?? "";
      // The length tells nearly all other headers apart without lowering them.
      switch (name.length) {
        case 3:
        case 4:
        case 6:
        case 9:
        case 12:
        case 13:
        case 14:
        case 15:
        case 16:
        case 17:
          this.#take(name.toLowerCase(), rawHeaders[index + 1] ?? "");
      }
    }
  }

  /** Whether a body follows the head. */
  get hasBody(): boolean {
    return this.contentLength > 0 || this.transferEncoding !== null;
  }

  /** Whether a page sent it and it is not known to be one of ours. */
  get fromForeignPage(): boolean {
    return this.fetchSite !== "same-origin" &&
      (this.hasOrigin || this.fetchSite !== null);
  }

  /** What is wrong with the framing or the host, `null` if nothing. */
  fault(httpVersion: string): string | null {
    if (httpVersion !== "1.1" && httpVersion !== "1.0") {
      return "Cannot read the request: its HTTP version is neither 1.0 nor 1.1";
    }
    if (this.host === null && httpVersion === "1.1") {
      return "Cannot route the request: it has no Host header";
    }
    if (this.hostRepeated) {
      return "Cannot route the request: it has more than one Host header";
    }
    if (this.host !== null && !HOST.test(this.host)) {
      return "Cannot route the request: its Host header is no host name with an optional port";
    }
    if (
      this.transferEncoding !== null &&
      (this.transferEncoding !== "chunked" || httpVersion === "1.0" ||
        this.contentLength >= 0)
    ) {
      return "Cannot read the request: its Transfer-Encoding is not just chunked; send chunked or a Content-Length";
    }
    return null;
  }

  #take(name: string, value: string): void {
    switch (name) {
      case "host":
        if (this.host !== null) this.hostRepeated = true;
        this.host = value;
        break;
      case "authorization":
        if (value === "") break;
        if (this.authorization !== null) this.credentialRepeated = true;
        this.authorization = value;
        break;
      case "x-api-key":
        if (value === "") break;
        if (this.apiKey !== null) this.credentialRepeated = true;
        this.apiKey = value;
        break;
      case "content-length":
        this.contentLength = /^\d{1,15}$/.test(value) ? Number(value) : -1;
        break;
      case "transfer-encoding":
        this.transferEncoding = this.transferEncoding === null
          ? value.trim().toLowerCase()
          : `${this.transferEncoding},${value}`;
        break;
      case "content-type":
        this.contentType ??= value;
        break;
      case "content-encoding":
        this.contentEncoding = this.contentEncoding === null
          ? value
          : `${this.contentEncoding},${value}`;
        break;
      case "x-request-id":
        this.requestId ??= value;
        break;
      case "x-forwarded-for":
        this.forwardedFor = this.forwardedFor === null
          ? value
          : `${this.forwardedFor},${value}`;
        this.forwarded = true;
        break;
      case "forwarded":
      case "via":
        this.forwarded = true;
        break;
      case "origin":
        this.hasOrigin = true;
        break;
      case "sec-fetch-site":
        this.fetchSite = value.toLowerCase();
        break;
      case "idempotency-key":
        this.idempotencyKey = value;
        break;
    }
  }
}

const HOST = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** The host name or address of a valid Host header: lower case, no port, no brackets. */
export function hostName(host: string): string {
  const name = host.startsWith("[")
    ? host.slice(1, host.indexOf("]"))
    : host.replace(/:\d*$/, "");
  return name.toLowerCase();
}

/** All values of a header of a raw list, joined by `, `, or `null`. `name` is in lower case. */
export function rawHeader(
  rawHeaders: readonly string[],
  name: string,
): string | null {
  let found: string | null = null;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index] ?? "";
    if (candidate.length !== name.length) continue;
    if (candidate.toLowerCase() !== name) continue;
    const value = rawHeaders[index + 1] ?? "";
    found = found === null ? value : `${found}, ${value}`;
  }
  return found;
}
