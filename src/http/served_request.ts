/** One request from its head to the end of its answer: the single object that everything about it hangs on. @module */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { ClientRequest } from "../exchange/client.ts";
import type { ClientIdentity } from "../exchange/exchange.ts";
import { errorHeaders } from "../exchange/headers.ts";
import type { ProtocolName } from "../exchange/names.ts";
import {
  type GatewayError,
  gatewayError,
  RequestError,
} from "../exchange/gateway_error.ts";
import { type JsonScan, scanJson } from "../support/json_scan.ts";
import type { Applicant } from "./admission.ts";
import { type BodyLimits, BodyReader, type BodySink } from "./body.ts";
import type { Connection } from "./connections.ts";
import { protocolOfPath } from "./error_answer.ts";
import {
  announcedFault,
  type Fault,
  headFault,
  scanFault,
  tryAgain,
  unknownPath,
  validRequestId,
  wrongMethod,
} from "./faults.ts";
import { canonicalIp } from "./ip.ts";
import type { LimitName } from "./limits.ts";
import { NodeResponse } from "./node_response.ts";
import { rawHeader, RequestHead } from "./request_head.ts";
import type { RequestContext, Route, RunningAnswer } from "./route.ts";
import type { RouteMatch } from "./router.ts";
import type { Refused, ServerCore } from "./server_core.ts";

const NOBODY: ClientIdentity = { name: "anonymous", tier: "default" };
const NO_BYTES = new Uint8Array(0);
/** A refused body up to this size is read to its end, so that the connection can be used again. */
const DISCARD_BYTES = 65_536;

/** Serves one request. */
export class ServedRequest
  implements RequestContext, ClientRequest, Applicant, BodySink {
  /** Our id. */
  readonly id: string;
  /** Wall clock at arrival. */
  readonly receivedAtMs: number;
  /** Monotonic clock at arrival. */
  readonly startedMs: number;
  /** Upper-case method. */
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** Query with its `?`, or "". */
  readonly query: string;
  /** Headers as they came. */
  readonly rawHeaders: readonly string[];
  /** Where the answer goes. */
  readonly response: NodeResponse;
  /** Route template for logs and metrics, `other` for what has no route. */
  endpoint = "other";
  /** Who asks. */
  client: ClientIdentity = NOBODY;
  /** Most requests of the client at once. */
  clientConcurrent = 0;
  /** The peer's address, or the first untrusted one it forwards for. */
  clientIp: string;
  /** The client's own id where it is valid. */
  clientRequestId: string | null = null;
  /** What the scan found. */
  scan: JsonScan | null = null;
  /** The error that the server itself answered with, `null` if a handler answered. */
  refusal: Refused | null = null;
  /** The whole body. */
  body: Uint8Array = NO_BYTES;
  /** Whether it is held even if the client goes. Set by the handler. */
  bodyHeld = false;
  /** What runs, to be cut when the server must stop. Set by the handler. */
  running: RunningAnswer | null = null;
  /** Neighbour in the server's list. */
  previous: ServedRequest | null = null;
  /** Neighbour in the server's list. */
  next: ServedRequest | null = null;
  /** Whether it is in the server's list. */
  listed = false;
  readonly #core: ServerCore;
  readonly #connection: Connection;
  readonly #message: IncomingMessage;
  readonly #head: RequestHead;
  readonly #expectsContinue: boolean;
  #route: Route | null = null;
  #parameters: ReadonlyMap<string, string> | null = null;
  #reader: BodyReader | null = null;
  #allow = "";
  #place: "none" | "waiting" | "held" = "none";

  /** Takes over a request whose head has been read. */
  constructor(
    core: ServerCore,
    connection: Connection,
    message: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
  ) {
    this.#core = core;
    this.#connection = connection;
    this.#message = message;
    this.#expectsContinue = expectsContinue;
    this.id = core.newId();
    this.receivedAtMs = core.clock.wallMs();
    this.startedMs = core.clock.monotonicMs();
    this.method = message.method ?? "";
    const target = message.url ?? "";
    const mark = target.indexOf("?");
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = mark < 0 ? "" : target.slice(mark);
    this.rawHeaders = message.rawHeaders;
    this.clientIp = connection.ip;
    this.#head = new RequestHead(message.rawHeaders);
    this.response = new NodeResponse(
      message,
      response,
      this.id,
      this.#head.hasBody && !expectsContinue,
      core.limits.streamBufferBytes,
    );
    this.response.closeConnection = core.draining;
  }

  /** The row of the table. Only asked for once there is one. */
  get route(): Route {
    if (this.#route === null) {
      throw new TypeError("Cannot name the route: the request has none");
    }
    return this.#route;
  }

  /** The client's name. */
  get clientName(): string {
    return this.client.name;
  }

  /** A header's value by lower-case name. */
  header(name: string): string | null {
    return rawHeader(this.rawHeaders, name);
  }

  /** A parameter of the path. */
  parameter(name: string): string {
    return this.#parameters?.get(name) ?? "";
  }

  /** Says that the body is not needed any more. */
  releaseBody(): void {
    this.body = NO_BYTES;
    this.#reader?.release();
  }

  /** Begins: everything that the head alone decides, then the body. */
  begin(): void {
    this.#message.on("error", ignore);
    const error = this.#headFault() ?? this.#find() ?? this.#authorise() ??
      this.#announced();
    if (error !== null) return this.refuse(error);
    if (!this.route.limits.admitted) return this.onAdmitted();
    const place = this.#core.admission.enter(this);
    if (place === true) {
      this.#place = "held";
      this.#read();
    } else if (place === null) {
      this.#place = "waiting";
    } else {
      this.#core.onLimit(place.limit);
      this.refuse(place.error);
    }
  }

  /** It waited and may run now, or needs no place. */
  onAdmitted(): void {
    if (this.#place === "waiting") this.#place = "held";
    this.#read();
  }

  /** It waited for too long. */
  onRefused(error: GatewayError): void {
    this.#place = "none";
    this.refuse(error);
  }

  /** The body is complete. */
  onBody(bytes: Uint8Array): void {
    this.body = bytes;
    this.#handle();
  }

  /** The body is refused. */
  onBodyFailure(error: GatewayError, limit: LimitName | null): void {
    if (limit !== null) this.#core.onLimit(limit);
    this.refuse(error);
  }

  /** Looks at the clocks of this request. */
  checkTime(nowMs: number, writeStallMs: number): void {
    this.#reader?.checkTime(nowMs);
    if (writeStallMs > 0 && this.response.stalled(nowMs, writeStallMs)) {
      this.#core.onLimit("writeStallMs");
      this.response.destroy();
    }
  }

  /** The server must stop: asks the handler for its last words. */
  shutDown(): void {
    if (this.running !== null) return this.running.cut();
    this.refuse(
      tryAgain(
        "Cannot finish the request: the gateway is shutting down; try again",
      ),
    );
  }

  /** Whose error shape it is answered in. */
  get protocol(): ProtocolName | null {
    return this.#route?.protocol ?? protocolOfPath(this.path);
  }

  /** Answers with an error, or breaks off where an answer has begun. */
  refuse(error: GatewayError): void {
    if (this.response.started) return this.response.destroy();
    this.refusal = { error, client: this.client, request: this };
    if (!this.#keepsConnection(error)) this.response.closeConnection = true;
    if (this.response.closeConnection) this.#connection.closing = true;
    const headers = errorHeaders(error);
    if (error.kind === "method_not_allowed") headers.push("allow", this.#allow);
    const body = this.#core.encodeError(this.protocol, error, this.id);
    this.response.send(error.status, headers, JSON.stringify(body));
  }

  /** The answer is complete or the client has gone. */
  onClosed(): void {
    if (this.#place === "waiting") this.#core.admission.abandon(this);
    if (this.#place === "held") this.#core.admission.leave(this);
    this.#place = "none";
    this.response.onClosed();
    if (!this.bodyHeld) this.releaseBody();
  }

  #headFault(): GatewayError | null {
    const fault = headFault(
      this.#head,
      this.path,
      this.query,
      this.#message.httpVersion,
      this.#core.limits,
    );
    if (fault === null) {
      this.clientRequestId = validRequestId(this.#head.requestId);
      return null;
    }
    // What broke the framing or the host may have been meant to hide a second request.
    this.response.closeConnection = true;
    return this.#counted(fault);
  }

  #find(): GatewayError | null {
    const match: RouteMatch = this.#core.router.match(this.method, this.path);
    if (match.kind === "unknown") {
      return unknownPath();
    }
    this.endpoint = match.route.path;
    if (match.kind === "method") {
      this.#allow = match.allow;
      return wrongMethod(match.route.path, match.allow);
    }
    this.#route = match.route;
    this.#parameters = match.parameters;
    return null;
  }

  #authorise(): GatewayError | null {
    const { authenticator } = this.#core;
    const scope = this.route.scope;
    this.clientIp = authenticator.clientIp(
      this.#connection.ip,
      this.#head.forwardedFor,
      canonicalIp,
    );
    if (this.#connection.reserved && scope === "inference") {
      this.response.closeConnection = true;
      return tryAgain(
        "Cannot take the request now: too many connections are open; try again",
      );
    }
    if (this.#core.refusing && scope !== "public" && scope !== "metrics") {
      return tryAgain(
        "Cannot take the request: the gateway is shutting down; try again",
      );
    }
    const access = authenticator.check(
      scope,
      this.#head,
      this.clientIp,
      this.route.method !== "GET",
    );
    if ("refused" in access) {
      this.#core.onAuthFailure(access.reason);
      return access.refused;
    }
    this.client = access.granted.client;
    this.clientConcurrent = access.granted.concurrent;
    return null;
  }

  /** What the head says of the body. */
  #announced(): GatewayError | null {
    if (!this.#takesBody()) return null;
    const { maxBodyBytes } = this.#bodyLimits();
    const fault = announcedFault(this.#head, maxBodyBytes, this.#core.budget);
    return this.#counted(fault);
  }

  #counted(fault: Fault | null): GatewayError | null {
    if (fault === null) return null;
    if (fault.limit !== null) this.#core.onLimit(fault.limit);
    return fault.error;
  }

  /** A `json` route may be called without a body, a `scanned` one may not. */
  #takesBody(): boolean {
    const { body } = this.route.limits;
    return body === "scanned" || (body === "json" && this.#head.hasBody);
  }

  #bodyLimits(): BodyLimits {
    const own = this.route.limits.maxBodyBytes;
    const { limits } = this.#core;
    if (own === 0 || own === limits.maxBodyBytes) return limits;
    return { ...limits, maxBodyBytes: own };
  }

  #read(): void {
    if (this.response.closed) return;
    if (!this.#takesBody()) {
      if (!this.#discardable()) this.response.closeConnection = true;
      return this.#handle();
    }
    if (this.#expectsContinue) this.response.writeContinue();
    this.#reader = new BodyReader(
      this.#message,
      this.#head.contentLength,
      this.#bodyLimits(),
      this.#core.budget,
      this,
      this.#core.clock,
    );
    this.#reader.start();
  }

  #bodyFault(): GatewayError | null {
    const { maxJsonDepth, maxJsonTokens } = this.#core.limits;
    const limits = { maxDepth: maxJsonDepth, maxTokens: maxJsonTokens };
    this.scan = scanJson(this.body, limits, this.#core.watch);
    const fault = scanFault(this.scan, this.#core.limits);
    return this.#counted(fault);
  }

  #handle(): void {
    // Refused meanwhile: the body came to its end after the answer.
    if (this.response.closed) return;
    try {
      const error = this.#takesBody() ? this.#bodyFault() : null;
      if (error !== null) return this.refuse(error);
      this.route.handler(this, this, this.response)
        ?.catch((error) => this.#failed(error));
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (error instanceof RequestError) return this.refuse(error.error);
    this.#core.onHandlerError(this.id, this.endpoint, error);
    this.refuse(
      gatewayError("server", "Cannot serve the request: the gateway failed"),
    );
  }

  #keepsConnection(error: GatewayError): boolean {
    return error.status !== 408 && error.status !== 413 && this.#discardable();
  }

  /** Whether what is left of the body is small enough to be read over. */
  #discardable(): boolean {
    if (this.#message.complete || !this.#head.hasBody) return true;
    if (this.#expectsContinue && this.#reader === null) return false;
    return this.#head.transferEncoding === null &&
      this.#head.contentLength <= DISCARD_BYTES;
  }
}

function ignore(): void {}
