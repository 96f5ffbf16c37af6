/** A client that writes exactly the bytes it is told and reads until told otherwise. @module */

/** One answer, cut from the bytes that came. */
export interface RawAnswer {
  /** Status code. */
  readonly status: number;
  /** Header values by lower-case name, repeated ones joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  /** The body as text. */
  readonly body: string;
}

const encoder = new TextEncoder();
const DEADLINE_MS = 10_000;

/** A connection to 127.0.0.1. */
export class RawClient implements Disposable {
  readonly #connection: Deno.TcpConn;
  #received = "";
  #ended = false;

  /** Wraps an open connection. */
  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Everything that came and was not consumed, one character per byte. */
  get received(): string {
    return this.#received;
  }

  /** Whether the other side has closed. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Writes text (UTF-8) or bytes; a closed connection is no error. */
  async write(data: string | Uint8Array): Promise<boolean> {
    let rest = typeof data === "string" ? encoder.encode(data) : data;
    try {
      while (rest.length > 0) {
        rest = rest.subarray(await this.#connection.write(rest));
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Ends the sending side. */
  closeWrite(): Promise<void> {
    return this.#connection.closeWrite();
  }

  /** Reads one more piece. `false` at the end. */
  async read(): Promise<boolean> {
    if (this.#ended) return false;
    const buffer = new Uint8Array(65_536);
    let count: number | null = null;
    try {
      count = await within(this.#connection.read(buffer));
    } catch (error) {
      if (error instanceof DeadlineError) throw error;
    }
    if (count === null) {
      this.#ended = true;
      return false;
    }
    for (const byte of buffer.subarray(0, count)) {
      this.#received += String.fromCharCode(byte);
    }
    return true;
  }

  /** Reads so many bytes and keeps none. `false` if the end comes first. */
  async discard(count: number): Promise<boolean> {
    this.#received = "";
    const buffer = new Uint8Array(262_144);
    for (let left = count; left > 0;) {
      const part = buffer.subarray(0, Math.min(left, buffer.length));
      const read = await within(this.#connection.read(part)).catch(() => null);
      if (read === null) return false;
      left -= read;
    }
    return true;
  }

  /** Reads until the text contains `mark`. */
  async until(mark: string): Promise<void> {
    while (!this.#received.includes(mark)) {
      if (!await this.read()) {
        throw new Error(`Cannot find ${mark} in ${this.#received}`);
      }
    }
  }

  /** Reads one answer that has a content-length, or reaches to the end. */
  async answer(): Promise<RawAnswer> {
    await this.until("\r\n\r\n");
    const split = this.#received.indexOf("\r\n\r\n");
    const [first = "", ...lines] = this.#received.slice(0, split).split("\r\n");
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      const known = headers.get(name);
      headers.set(name, known === undefined ? value : `${known}, ${value}`);
    }
    const start = split + 4;
    const length = Number(headers.get("content-length") ?? "0");
    while (this.#received.length < start + length && await this.read());
    const raw = this.#received.slice(start, start + length);
    const bytes = Uint8Array.from(raw, (character) => character.charCodeAt(0));
    const body = new TextDecoder().decode(bytes);
    this.#received = this.#received.slice(start + length);
    return { status: Number(first.split(" ")[1]), headers, body };
  }

  /** Reads to the end and gives back whether the other side closed in time. */
  async closed(): Promise<boolean> {
    while (await this.read());
    return this.#ended;
  }

  /** Closes. */
  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch {
      // Closed by the other side already.
    }
  }
}

class DeadlineError extends Error {}

/** Fails what takes longer than ten seconds. */
export async function within<T>(
  promise: Promise<T>,
  deadlineMs: number = DEADLINE_MS,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new DeadlineError(`Cannot wait longer than ${deadlineMs}`)),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Opens a connection. */
export async function connect(port: number): Promise<RawClient> {
  return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
}

/** Sends `text` and reads one answer. */
export async function ask(
  port: number,
  text: string | Uint8Array,
): Promise<RawAnswer & { readonly closed: boolean }> {
  using client = await connect(port);
  await client.write(text);
  const answer = await client.answer();
  const closed = answer.headers.get("connection") === "close"
    ? await client.closed()
    : false;
  return { ...answer, closed };
}

/** A POST with a JSON body, as bytes on the wire. `headers`: lines without their end. */
export function post(
  path: string,
  body: string,
  headers: readonly string[] = ["authorization: Bearer key-ci"],
): string {
  return [
    `POST ${path} HTTP/1.1`,
    "host: localhost",
    "content-type: application/json",
    `content-length: ${encoder.encode(body).length}`,
    ...headers,
    "",
    body,
  ].join("\r\n");
}

/** A GET, as bytes on the wire. */
export function get(path: string, headers: readonly string[] = []): string {
  return [`GET ${path} HTTP/1.1`, "host: localhost", ...headers, "", ""].join(
    "\r\n",
  );
}
