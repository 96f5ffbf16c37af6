/**
 * The client's side of an exchange, as the relay sees it: `http/` implements it
 * over a socket, tests in memory. No Request or Response objects on this path.
 *
 * @module
 */

/** A request whose head and body have been read and admitted. */
export interface ClientRequest {
  /** Upper-case method. */
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** Query with its `?`, or "". */
  readonly query: string;
  /** A header's value by lower-case name, `null` if absent. */
  header(name: string): string | null;
  /** Headers as they came, alternating. */
  readonly rawHeaders: readonly string[];
  /** The whole body. */
  readonly body: Uint8Array;
}

/**
 * Hears how the client takes its answer. An object and no callbacks: V8 puts a
 * function that is assigned to a property straight into its old generation,
 * and with it goes all that the function knows of its request (measured: every
 * request was promoted, a fifth of all CPU time).
 */
export interface ClientListener {
  /** Writing may go on. */
  onDrain(): void;
  /** The client has gone before the answer was complete. Called once. */
  onAbort(): void;
}

/** Where the answer goes. After `send`, `end` or `destroy` every further call is ignored. */
export interface ClientResponse {
  /** Whether the head has been sent. */
  readonly started: boolean;
  /** Whether the client has gone or the answer is complete. */
  readonly closed: boolean;
  /** Sends a whole answer; headers alternate. Adds content-length. */
  send(
    status: number,
    headers: readonly string[],
    body: Uint8Array | string,
  ): void;
  /** Sends the head of an answer whose body follows. */
  start(status: number, headers: readonly string[]): void;
  /** Sends a piece. `false`: stop until the listener is told to go on. */
  write(bytes: Uint8Array | string): boolean;
  /** Ends the answer cleanly. */
  end(): void;
  /** Breaks the connection. */
  destroy(): void;
  /** Who hears of the client. Set by the relay. */
  listener: ClientListener | null;
}
