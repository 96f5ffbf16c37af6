/** The first half of a line of the usage log: who asked what of whom, and how it ended. @module */

import type { Attempt, Exchange } from "../exchange/exchange.ts";
import { FAILURE_RULES } from "../exchange/failure.ts";
import { flat, Quoted, quoted, TextMemory } from "./line_text.ts";

/** Courses of one target that are remembered; there are protocols, framings and names. */
const MAX_COURSES = 16;

/** The kind of failure, or how the request ended where no attempt failed it. */
export function errorType(exchange: Exchange): string {
  const outcome = exchange.lastAttempt?.outcome ?? null;
  if (exchange.outcome === "client_abort") return "client_abort";
  return outcome?.kind === "failed"
    ? FAILURE_RULES[outcome.failure.kind].errorType
    : exchange.outcome ?? "other";
}

/** What is said of a client. */
class ClientText {
  readonly tier: string;
  /** Behind the timestamp. */
  readonly withoutIp: string;
  readonly #byIp = new TextMemory((ip) =>
    flat(this.withoutIp, ',"clientIp":', quoted(ip))
  );

  constructor(name: string, tier: string) {
    this.tier = tier;
    this.withoutIp = flat(
      '","client":',
      quoted(name),
      ',"tier":',
      quoted(tier),
    );
  }

  withIp(ip: string): string {
    return this.#byIp.of(ip);
  }
}

/** A successful course that comes again. */
interface Course {
  readonly endpoint: string;
  readonly protocol: string;
  readonly native: boolean;
  readonly stream: boolean;
  readonly requestedModel: string;
  readonly alias: string | null;
  readonly text: string;
}

/** Writes first halves. */
export class LineHeads {
  readonly #clientIp: boolean;
  readonly #names = new Quoted();
  readonly #clients = new Map<string, ClientText>();
  readonly #courses = new TextMemory<Course[]>(() => []);

  /** Makes a writer; `clientIp` says whether the client's address is named. */
  constructor(clientIp: boolean) {
    this.#clientIp = clientIp;
  }

  /** Writes who asked: from the quote behind the timestamp on. */
  asker({ client, clientIp, clientRequestId }: Exchange): string {
    let known = this.#clients.get(client.name);
    if (known === undefined || known.tier !== client.tier) {
      known = new ClientText(client.name, client.tier);
      this.#clients.set(client.name, known);
    }
    const text = this.#clientIp ? known.withIp(clientIp) : known.withoutIp;
    return clientRequestId === null
      ? text
      : text + ',"clientRequestId":' + quoted(clientRequestId);
  }

  /** Writes what was asked, who answered, and how it ended. */
  course(exchange: Exchange): string {
    const last = exchange.lastAttempt;
    const { outcome, status, error } = exchange;
    if (last === null || outcome !== "success" || status !== 200 || error) {
      return this.#asked(exchange, last) + ended(exchange);
    }
    const courses = this.#courses.of(last.target.id);
    for (const course of courses) {
      if (fits(course, exchange, last)) return course.text;
    }
    const course = {
      endpoint: exchange.endpoint,
      protocol: last.protocol,
      native: last.native,
      stream: exchange.stream,
      requestedModel: exchange.requestedModel,
      alias: exchange.decision?.alias ?? null,
      text: flat(this.#asked(exchange, last), ended(exchange)),
    };
    if (courses.length === MAX_COURSES) courses.shift();
    courses.push(course);
    return course.text;
  }

  #asked(exchange: Exchange, last: Attempt | null): string {
    const names = this.#names;
    const { endpoint, protocol, decision, requestedModel, stream } = exchange;
    const native = last === null ? "null" : last.native ? "true" : "false";
    return `,"endpoint":"${endpoint}","apiType":"${protocol}","targetApiType":${
      names.of(last?.protocol ?? null)
    },"native":${native},"passthrough":${native},"streaming":${stream},"requestedModel":${
      names.of(requestedModel)
    },"aliasUsed":${names.of(decision?.alias ?? null)},"actualProvider":${
      names.of(last?.target.provider ?? null)
    },"actualModel":${names.of(last?.target.model ?? null)}`;
  }
}

/** The endpoint tells the client's protocol, the list that it stands in the target. */
function fits(course: Course, exchange: Exchange, last: Attempt): boolean {
  return course.stream === exchange.stream && course.native === last.native &&
    course.protocol === last.protocol &&
    course.endpoint === exchange.endpoint &&
    course.alias === (exchange.decision?.alias ?? null) &&
    course.requestedModel === exchange.requestedModel;
}

function ended(exchange: Exchange): string {
  const { error, outcome, status } = exchange;
  const isSuccess = outcome === "success";
  return `,"success":${isSuccess},"outcome":${
    outcome === null ? "null" : quoted(outcome)
  },"status":${status},"errorType":${
    isSuccess ? "null" : quoted(errorType(exchange))
  },"errorMessage":${error === null ? "null" : quoted(error)}`;
}
